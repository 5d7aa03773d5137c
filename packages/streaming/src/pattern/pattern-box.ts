import type { Region } from "@millrace/media";

/** Where the box of the test pattern is in a frame: it goes from left to right and begins anew, eight pixels a frame. */
export function patternBox(number: number, width: number, height: number): Region {
  const side = 2 * Math.floor(Math.min(width, height) / 10);
  return {
    x: (number * 8) % (width - side),
    y: Math.floor(height / 2 - side / 2),
    width: side,
    height: side,
  };
}
