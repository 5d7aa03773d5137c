import type { Color } from "./canvas.ts";

/** The golden angle: the hues of consecutive numbers lie as far apart as they can. */
const HUE_STEP = 137.508;

/** A bright colour for a class or a track; the same number has the same colour always. */
export function labelColor(id: number): Color {
  const hue = (((id * HUE_STEP) % 360) + 360) % 360;
  const channel = (shift: number): number => {
    const k = (shift + hue / 60) % 6;
    return Math.round(255 * (1 - 0.85 * Math.max(0, Math.min(k, 4 - k, 1))));
  };
  return [channel(5), channel(3), channel(1)];
}

/** Black or white, whichever can be read on a colour. */
export function contrastColor([red, green, blue]: Color): Color {
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? [0, 0, 0] : [255, 255, 255];
}
