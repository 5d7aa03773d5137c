import { z } from "zod";

/** The video that an address names. */
export const byId = z.object({ id: z.string() });

/** `true` or `false` of a query, however it is written. */
export const flag = z
  .string()
  .regex(/^(?:true|false|1|0)$/i, "give true or false")
  .default("false")
  .transform((text) => /^(?:true|1)$/i.test(text));

/** 1 to 100. */
export const quality = z.coerce.number().int().min(1).max(100).default(85);

export const rule = z
  .enum(["at-or-before", "nearest", "at-or-after", "exact"])
  .default("at-or-before");

/** A picture is made whole in memory. */
const MOST_PIXELS = 4_096;
const pixels = z.coerce.number().int().min(1).max(MOST_PIXELS).optional();

/** How a picture should look. */
export const look = {
  quality,
  /** One of both keeps the shape. */
  width: pixels,
  height: pixels,
  /** The part of the coded picture: `x,y,width,height`. */
  roi: z
    .string()
    .regex(/^\d+,\d+,\d+,\d+$/, "give x,y,width,height in coded pixels")
    .transform((text) => {
      const [x = 0, y = 0, width = 0, height = 0] = text.split(",").map(Number);
      return { x, y, width, height };
    })
    .optional(),
  /** Whether the model looks at the frame, too: `X-Count`. */
  inference: flag,
};

/** The options of a picture that were given, without those that were not. */
export function given<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
