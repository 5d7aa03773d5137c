/**
 * Intersection over union of box `i` of one list and box `j` of another; 0 where both are empty.
 *
 * @param a - `[n, 4]`: x1, y1, x2, y2
 */
export function boxOverlap(
  a: Float32Array | Float64Array,
  i: number,
  b: Float32Array | Float64Array,
  j: number,
): number {
  const p = 4 * i;
  const q = 4 * j;
  const ax1 = a[p] as number;
  const ay1 = a[p + 1] as number;
  const ax2 = a[p + 2] as number;
  const ay2 = a[p + 3] as number;
  const bx1 = b[q] as number;
  const by1 = b[q + 1] as number;
  const bx2 = b[q + 2] as number;
  const by2 = b[q + 3] as number;
  const width = Math.min(ax2, bx2) - Math.max(ax1, bx1);
  const height = Math.min(ay2, by2) - Math.max(ay1, by1);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / ((ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - shared);
}
