import { className, type Detections } from "../detect/detections.ts";
import type { Canvas, Color } from "./canvas.ts";
import { drawText, textSize } from "./draw-text.ts";
import { contrastColor, labelColor } from "./label-color.ts";
import { strokeRectangle } from "./shapes.ts";

/** What a box is called and how it is coloured. */
export interface BoxLook {
  readonly text: string;
  readonly color: Color;
}

/** Lines and letters grow with the picture: one pixel for this many lines, and two at least for lines. */
const LINES_A_PIXEL = 360;

/** Pixels of a line that is seen well on a canvas. */
export function lineThickness({ height }: Canvas): number {
  return Math.max(2, Math.round(height / LINES_A_PIXEL));
}

/** Draws boxes with class and score, coloured by class. */
export function drawDetections(canvas: Canvas, detections: Detections): void {
  const { classIds, scores, classNames } = detections;
  drawBoxes(canvas, detections, (i) => {
    const classId = classIds[i] as number;
    const text = `${className(classNames, classId)} ${(scores[i] as number).toFixed(2)}`;
    return { text, color: labelColor(classId) };
  });
}

/**
 * Draws boxes with a label on top, or inside where there is no room.
 *
 * @param look - of the box of a place in the columns
 */
export function drawBoxes(
  canvas: Canvas,
  { count, boxes }: Detections,
  look: (i: number) => BoxLook,
): void {
  const thickness = lineThickness(canvas);
  const scale = Math.max(1, Math.round(canvas.height / LINES_A_PIXEL));
  // The best box is drawn last and lies on top.
  for (let i = count - 1; i >= 0; i--) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = boxes.subarray(4 * i, 4 * i + 4);
    const { text, color } = look(i);
    const area = { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
    strokeRectangle(canvas, area, color, thickness);
    const { height } = textSize(text, scale);
    const above = y1 - height - scale;
    drawText(canvas, text, Math.round(x1) + scale, Math.round(above < 0 ? y1 + thickness : above), {
      color: contrastColor(color),
      background: color,
      scale,
    });
  }
}
