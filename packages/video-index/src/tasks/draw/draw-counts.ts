import type { Counts } from "../count/counter.ts";
import type { Canvas, Color } from "./canvas.ts";
import { lineThickness } from "./draw-detections.ts";
import { drawText, textSize } from "./draw-text.ts";
import { drawTracks } from "./draw-tracks.ts";
import { drawLine, drawPolygon, type Point } from "./shapes.ts";

const LINE: Color = [255, 214, 0];
const ZONE: Color = [0, 200, 255];
const INK: Color = [0, 0, 0];
const PAPER: Color = [255, 255, 255];

/** Draws tracks, lines and zones with their counts, and the number in the frame in the upper left corner. */
export function drawCounts(canvas: Canvas, counts: Counts): void {
  const thickness = lineThickness(canvas);
  const scale = Math.max(1, Math.round(canvas.height / 360));
  const write = (text: string, { x, y }: Point, background: Color): void => {
    const { width, height } = textSize(text, scale);
    // Beside the point, but within the picture.
    const left = Math.min(Math.max(Math.round(x), scale), canvas.width - width - scale);
    const top = Math.min(Math.max(Math.round(y), scale), canvas.height - height - scale);
    drawText(canvas, text, left, top, { color: INK, background, scale });
  };
  drawTracks(canvas, counts.tracks);
  for (const { name, from, to, ...line } of counts.lines) {
    drawLine(canvas, from, to, LINE, thickness);
    const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
    write(`${name} in ${line.in.total} out ${line.out.total}`, middle, LINE);
  }
  for (const { name, polygon, inside } of counts.zones) {
    drawPolygon(canvas, polygon, ZONE, thickness);
    write(`${name} ${inside.total}`, polygon[0] as Point, ZONE);
  }
  write(`${counts.inFrame.total} of ${counts.unique.total}`, { x: 0, y: 0 }, PAPER);
}
