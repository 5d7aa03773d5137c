import { boxOverlap } from "./box-overlap.ts";

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
  /**
   * Two boxes that overlap by more than this (intersection over union) are one object.
   *
   * @defaultValue 0.7, like that of `maxDetections` what Ultralytics' predictor takes
   */
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
