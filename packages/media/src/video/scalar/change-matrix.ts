import type { LumaWeights } from "../color-space.ts";

/** Y, Pb, Pr of one size as R, G, B from 0 to 1. */
export function toRgb(
  [luma, blueness, redness]: readonly Float32Array[],
  { red, blue }: LumaWeights,
): Float32Array[] {
  const length = luma?.length ?? 0;
  const [r, g, b] = [length, length, length].map((size) => new Float32Array(size));
  if (!luma || !blueness || !redness || !r || !g || !b) return [];
  const green = 1 - red - blue;
  for (let at = 0; at < length; at++) {
    const y = luma[at] ?? 0;
    const pb = blueness[at] ?? 0;
    const pr = redness[at] ?? 0;
    r[at] = clamp(y + 2 * (1 - red) * pr);
    g[at] = clamp(y - (2 * blue * (1 - blue) * pb + 2 * red * (1 - red) * pr) / green);
    b[at] = clamp(y + 2 * (1 - blue) * pb);
  }
  return [r, g, b];
}

/** R, G, B from 0 to 1 as Y, Pb, Pr of the same size. */
export function fromRgb(
  [r, g, b]: readonly Float32Array[],
  { red, blue }: LumaWeights,
): Float32Array[] {
  const length = r?.length ?? 0;
  const [luma, blueness, redness] = [length, length, length].map((size) => new Float32Array(size));
  if (!r || !g || !b || !luma || !blueness || !redness) return [];
  const green = 1 - red - blue;
  for (let at = 0; at < length; at++) {
    const y = red * (r[at] ?? 0) + green * (g[at] ?? 0) + blue * (b[at] ?? 0);
    luma[at] = y;
    blueness[at] = ((b[at] ?? 0) - y) / (2 * (1 - blue));
    redness[at] = ((r[at] ?? 0) - y) / (2 * (1 - red));
  }
  return [luma, blueness, redness];
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
