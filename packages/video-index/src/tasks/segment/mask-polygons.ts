import type { InstanceMask } from "./instance-mask.ts";

/**
 * The outline of an object: x, y, x, y … of the corners of its pixels, closed without repeating the first point, in
 * parts of the frame's width and height (0 to 1). Outer edges run clockwise as one sees them, holes the other way.
 */
export type MaskPolygon = Float64Array;

/** Right, down, left, up: the object lies on the right hand. */
const STEP_X = [1, 0, -1, 0];
const STEP_Y = [0, 1, 0, -1];

/**
 * Follows the edges of a mask along the sides of its pixels, so that the polygons hold exactly the mask's area;
 * pieces that touch at a corner only are polygons of their own.
 *
 * @param frameWidth - coded pixels, by which the corners are divided
 */
export function maskPolygons(
  mask: InstanceMask,
  frameWidth: number,
  frameHeight: number,
): readonly MaskPolygon[] {
  const { width, height, data } = mask;
  const filled = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && data[y * width + x] === 1;
  // An upper side with the object below it begins every outline; each is followed once.
  const seen = new Uint8Array(width * (height + 1));
  const polygons: MaskPolygon[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!filled(x, y) || filled(x, y - 1) || seen[y * width + x] === 1) continue;
      const corners = followEdge(x, y, filled, (at, row) => {
        seen[row * width + at] = 1;
      });
      const polygon = Float64Array.from(corners, (value, i) =>
        i % 2 === 0 ? (mask.x + value) / frameWidth : (mask.y + value) / frameHeight,
      );
      polygons.push(polygon);
    }
  }
  return polygons;
}

/** The corners of the outline that begins with the upper side of a pixel. */
function followEdge(
  startX: number,
  startY: number,
  filled: (x: number, y: number) => boolean,
  upperSide: (x: number, y: number) => void,
): readonly number[] {
  const corners: number[] = [];
  let [x, y, direction] = [startX, startY, 0];
  let previous = -1;
  do {
    if (direction !== previous) corners.push(x, y);
    if (direction === 0) upperSide(x, y);
    previous = direction;
    x += STEP_X[direction] as number;
    y += STEP_Y[direction] as number;
    direction = turn(x, y, direction, filled);
  } while (x !== startX || y !== startY || direction !== 0);
  return corners;
}

/** Where an outline goes on from a corner: right first, so that pixels that meet at a corner stay apart. */
function turn(
  x: number,
  y: number,
  direction: number,
  filled: (x: number, y: number) => boolean,
): number {
  for (const change of [1, 0, 3]) {
    const next = (direction + change) % 4;
    const [right, left] = sides(x, y, next);
    if (filled(...right) && !filled(...left)) return next;
  }
  return (direction + 2) % 4;
}

/** The pixels on the right and on the left of a side that leaves a corner. */
function sides(
  x: number,
  y: number,
  direction: number,
): readonly [right: [number, number], left: [number, number]] {
  switch (direction) {
    case 0:
      return [
        [x, y],
        [x, y - 1],
      ];
    case 1:
      return [
        [x - 1, y],
        [x, y],
      ];
    case 2:
      return [
        [x - 1, y - 1],
        [x - 1, y],
      ];
    default:
      return [
        [x, y - 1],
        [x - 1, y - 1],
      ];
  }
}
