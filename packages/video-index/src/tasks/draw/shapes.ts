import type { Region } from "@millrace/media";
import type { Canvas, Color } from "./canvas.ts";

/** A place in a picture, in coded pixels; need not be whole. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * Fills a rectangle.
 *
 * @param opacity - 0 to 1. @defaultValue 1
 */
export function fillRectangle(canvas: Canvas, area: Region, color: Color, opacity = 1): void {
  const x = Math.round(area.x);
  const end = Math.round(area.x + area.width);
  const bottom = Math.min(canvas.height, Math.round(area.y + area.height));
  for (let y = Math.max(0, Math.round(area.y)); y < bottom; y++) {
    canvas.run(x, y, end - x, color, opacity);
  }
}

/**
 * Draws the edge of a rectangle, inside of it.
 *
 * @param thickness - pixels
 */
export function strokeRectangle(
  canvas: Canvas,
  area: Region,
  color: Color,
  thickness: number,
): void {
  const { x, y, width, height } = area;
  const edge = Math.min(thickness, width, height);
  fillRectangle(canvas, { x, y, width, height: edge }, color);
  fillRectangle(canvas, { x, y: y + height - edge, width, height: edge }, color);
  fillRectangle(canvas, { x, y, width: edge, height }, color);
  fillRectangle(canvas, { x: x + width - edge, y, width: edge, height }, color);
}

/**
 * Draws a straight line.
 *
 * @param thickness - pixels
 */
export function drawLine(
  canvas: Canvas,
  from: Point,
  to: Point,
  color: Color,
  thickness: number,
): void {
  const length = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y));
  // Ends far outside of the picture must not cost time: as many steps as the picture has, and some.
  const steps = Math.min(Math.ceil(length), 4 * (canvas.width + canvas.height)) || 1;
  for (let step = 0; step <= steps; step++) {
    const x = from.x + ((to.x - from.x) * step) / steps - thickness / 2;
    const y = from.y + ((to.y - from.y) * step) / steps - thickness / 2;
    fillRectangle(canvas, { x, y, width: thickness, height: thickness }, color);
  }
}

/** Draws the edge of a polygon, closed. */
export function drawPolygon(
  canvas: Canvas,
  points: readonly Point[],
  color: Color,
  thickness: number,
): void {
  points.forEach((point, i) => {
    drawLine(canvas, point, points[(i + 1) % points.length] as Point, color, thickness);
  });
}
