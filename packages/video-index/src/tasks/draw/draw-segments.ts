import type { Segments } from "../segment/segment.ts";
import type { Canvas } from "./canvas.ts";
import { drawDetections } from "./draw-detections.ts";
import { labelColor } from "./label-color.ts";

/** How much of the picture shines through is the rest. */
const OPACITY = 0.45;

/** Tints the pixels of each object in the colour of its class, and draws boxes and labels. */
export function drawSegments(canvas: Canvas, segments: Segments): void {
  segments.masks.forEach(({ x, y, width, height, data }, i) => {
    const color = labelColor(segments.classIds[i] as number);
    for (let row = 0; row < height; row++) {
      // Pixels beside each other go together.
      for (let column = 0; column < width; ) {
        let end = column;
        while (end < width && data[row * width + end] === 1) end += 1;
        if (end > column) canvas.run(x + column, y + row, end - column, color, OPACITY);
        column = end + 1;
      }
    }
  });
  drawDetections(canvas, segments);
}
