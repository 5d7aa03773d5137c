import type { Point } from "../draw/shapes.ts";

/** Which point of a box stands for the object: its middle, or where it touches the ground. */
export type BoxAnchor = "centre" | "bottom" | "top" | "left" | "right";

/**
 * The point of box `i` that stands for it.
 *
 * @param boxes - `[n, 4]`: x1, y1, x2, y2
 */
export function boxAnchor(boxes: Float32Array, i: number, anchor: BoxAnchor): Point {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = boxes.subarray(4 * i, 4 * i + 4);
  const x = anchor === "left" ? x1 : anchor === "right" ? x2 : (x1 + x2) / 2;
  const y = anchor === "top" ? y1 : anchor === "bottom" ? y2 : (y1 + y2) / 2;
  return { x, y };
}
