import { z } from "zod";
import { cameraMark } from "./camera/camera-mark.ts";

const MOST_ROWS = 2_160;
const LONGEST_ADDRESS = 2_048;
const PROTOCOLS = ["rtsp:", "rtsps:", "http:", "https:"];
const framerate = z.coerce.number().min(1).max(60);
/** Even, as encoders want it. */
const rows = z.coerce.number().int().min(72).max(MOST_ROWS).multipleOf(2);

/** A kept video, played over and over. */
const videoSpec = z.strictObject({
  source: z.literal("video"),
  video: z.string().min(1),
  /** Frames a second at most; absent: all of them. */
  fps: framerate.optional(),
  /** Rows of the picture at most; it keeps its shape. Absent: as many as it has. */
  height: rows.optional(),
  /** Whether a model looks at the frames; what it finds goes along with them. */
  inference: z.boolean().default(false),
});

/** A picture that is made here, with its number and the time of its making in it. */
const patternSpec = z.strictObject({
  source: z.literal("pattern"),
  fps: framerate.default(30),
  height: rows.default(720),
});

/** A camera, or the stream of another server. */
const cameraSpec = z.strictObject({
  source: z.literal("camera"),
  /** Never told again: it may hold a password. */
  url: z
    .string()
    .max(LONGEST_ADDRESS)
    .refine((text) => URL.canParse(text) && PROTOCOLS.includes(new URL(text).protocol), {
      error: "give an address that begins with rtsp://, rtsps://, http:// or https://",
    })
    .transform((text) => new URL(text).href),
  /** Frames a second at most; absent: all of them. */
  fps: framerate.optional(),
  /** Rows of the picture at most; absent: as many as it has. */
  height: rows.optional(),
});

/** What a stream shows, and how. */
export const streamSpec = z.discriminatedUnion("source", [videoSpec, patternSpec, cameraSpec]);

export type StreamSpec = z.output<typeof streamSpec>;

/**
 * What a stream goes by in addresses. Equal wishes are one stream, however many ask, so the id is made of them; a video
 * may be named as it likes, so its name comes last.
 */
export function streamId(spec: StreamSpec): string {
  const parts = [
    spec.source,
    spec.fps === undefined ? "" : `${spec.fps}fps`,
    spec.height === undefined ? "" : `${spec.height}p`,
    spec.source === "video" && spec.inference ? "objects" : "",
    spec.source === "video" ? `-${spec.video}` : "",
    spec.source === "camera" ? cameraMark(spec.url) : "",
  ];
  return parts.filter(Boolean).join("-");
}
