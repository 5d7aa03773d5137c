/** What {@link nonMaximumSuppression} works on: candidates as columns, in any order. */
export interface Candidates {
  readonly count: number;
  /** `[count, 4]`: x1, y1, x2, y2. */
  readonly boxes: Float32Array;
  readonly scores: Float32Array;
  readonly classIds: Int32Array;
}

/** Settings of {@link nonMaximumSuppression}. */
export interface SuppressionOptions {
  /** Two boxes that overlap by more than this (intersection over union) are one object. @defaultValue 0.7 */
  readonly maxOverlap?: number;
  /** Whether boxes of different classes suppress each other. @defaultValue false */
  readonly classAgnostic?: boolean;
  /** Candidates that are looked at, the best ones: bounds the time on a wall of boxes. @defaultValue 3000 */
  readonly maxCandidates?: number;
  /** Boxes that are kept, the best ones. @defaultValue 300 */
  readonly maxDetections?: number;
}

/**
 * Greedy non-maximum suppression: the best box stays and removes those that overlap it too much, and so on.
 *
 * Deterministic: of equal scores, the candidate that comes first wins.
 *
 * @returns the candidates that stay, by falling score
 */
export function nonMaximumSuppression(
  candidates: Candidates,
  options: SuppressionOptions = {},
): Uint32Array {
  const { maxOverlap = 0.7, classAgnostic = false } = options;
  const { maxCandidates = 3000, maxDetections = 300 } = options;
  const { count, boxes, scores, classIds } = candidates;
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  order.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  const considered = Math.min(count, maxCandidates);
  const kept = new Uint32Array(Math.min(considered, maxDetections));
  let keptCount = 0;
  for (let at = 0; at < considered && keptCount < kept.length; at++) {
    const i = order[at] as number;
    const classId = classIds[i];
    let stays = true;
    for (let k = 0; k < keptCount; k++) {
      const other = kept[k] as number;
      if (!classAgnostic && classIds[other] !== classId) continue;
      if (boxOverlap(boxes, i, boxes, other) > maxOverlap) {
        stays = false;
        break;
      }
    }
    if (stays) kept[keptCount++] = i;
  }
  return kept.subarray(0, keptCount);
}

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
