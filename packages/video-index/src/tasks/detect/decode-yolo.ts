import type { Candidates } from "./non-maximum-suppression.ts";
import type { YoloShape } from "./yolo-layout.ts";

/** Candidates in model pixels, and the anchor that each comes from. */
export interface YoloCandidates extends Candidates {
  readonly anchors: Uint32Array;
}

/** Reads candidates out of the outputs of one model, frame after frame; its arrays are used again by the next call. */
export type YoloDecoder = (
  data: Float32Array,
  shape: YoloShape,
  item: number,
  minScore: number,
) => YoloCandidates;

/** A class number beyond it is no number of a class. */
const MOST_CLASSES = 1e6;

interface Scratch {
  boxes: Float32Array;
  scores: Float32Array;
  classIds: Int32Array;
  anchors: Uint32Array;
  best: Float32Array;
  bestClass: Int32Array;
}

/**
 * Makes a decoder of YOLO outputs. It allocates for the largest output it has seen and then no more.
 *
 * Scores are those of the best class of each anchor; there is no objectness in v8 and later. Rows with a number
 * that is not finite are passed over. What is given is in model pixels.
 *
 * @example
 * ```ts
 * import { nonMaximumSuppression, yoloDecoder, yoloShape } from "@millrace/video-index/tasks";
 *
 * // One class and three anchors; two of them say the same.
 * const output = Float32Array.of(50, 51, 90, 50, 50, 90, 20, 20, 10, 20, 20, 10, 0.9, 0.8, 0.1);
 * const shape = yoloShape([1, 5, 3], {
 *   metadata: { names: ["cat"], endToEnd: undefined },
 *   inputWidth: 640,
 *   inputHeight: 640,
 * });
 * const candidates = yoloDecoder()(output, shape, 0, 0.25);
 * console.log(candidates.count, nonMaximumSuppression(candidates)); // 2 Uint32Array(1) [ 0 ]
 * ```
 */
export function yoloDecoder(): YoloDecoder {
  let capacity = 0;
  let scratch = newScratch(0);
  return (data, shape, item, minScore) => {
    if (shape.anchorCount > capacity) {
      capacity = shape.anchorCount;
      scratch = newScratch(capacity);
    }
    if (shape.layout === "final") return takeFinal(data, shape, item, minScore, scratch);
    // Almost no score reaches the limit, so a search that begins there almost never branches.
    const limit = floatBelow(minScore);
    if (shape.layout === "channels-first") readChannelsFirst(data, shape, item, limit, scratch);
    else readAnchorsFirst(data, shape, item, limit, scratch);
    return takeAnchors(data, shape, item, limit, scratch);
  };
}

function newScratch(anchorCount: number): Scratch {
  return {
    boxes: new Float32Array(4 * anchorCount),
    scores: new Float32Array(anchorCount),
    classIds: new Int32Array(anchorCount),
    anchors: new Uint32Array(anchorCount),
    best: new Float32Array(anchorCount),
    bestClass: new Int32Array(anchorCount),
  };
}

/** The greatest number of 32 bits that lies below one of 64. */
function floatBelow(value: number): number {
  const float = Float32Array.of(value);
  const bits = new Int32Array(float.buffer);
  const rounded = float[0] as number;
  if (rounded === 0) return -(2 ** -149);
  if (rounded >= value) bits[0] = (bits[0] as number) - Math.sign(rounded);
  return float[0] as number;
}

/**
 * The best class of each anchor, where one is above the limit, read class by class: that is the order in which they
 * lie in memory.
 */
function readChannelsFirst(
  data: Float32Array,
  shape: YoloShape,
  item: number,
  limit: number,
  { best, bestClass }: Scratch,
): void {
  const { anchorCount, classCount, coefficientCount } = shape;
  const base = (item * (4 + classCount + coefficientCount) + 4) * anchorCount;
  const scores = data.subarray(base, base + classCount * anchorCount);
  best.fill(limit, 0, anchorCount);
  // One loop with one comparison, and a division only for what passes: almost nothing does.
  for (let at = 0; at < scores.length; at++) {
    const score = scores[at] as number;
    if (!(score > limit)) continue;
    const classId = Math.floor(at / anchorCount);
    const anchor = at - classId * anchorCount;
    if (score > (best[anchor] as number)) {
      best[anchor] = score;
      bestClass[anchor] = classId;
    }
  }
}

function readAnchorsFirst(
  data: Float32Array,
  shape: YoloShape,
  item: number,
  limit: number,
  { best, bestClass }: Scratch,
): void {
  const { anchorCount, classCount, coefficientCount } = shape;
  const channels = 4 + classCount + coefficientCount;
  for (let anchor = 0; anchor < anchorCount; anchor++) {
    const row = (item * anchorCount + anchor) * channels + 4;
    let score = limit;
    let found = 0;
    for (let classId = 0; classId < classCount; classId++) {
      const value = data[row + classId] as number;
      if (value > score) {
        score = value;
        found = classId;
      }
    }
    best[anchor] = score;
    bestClass[anchor] = found;
  }
}

function takeAnchors(
  data: Float32Array,
  shape: YoloShape,
  item: number,
  limit: number,
  scratch: Scratch,
): YoloCandidates {
  const { layout, anchorCount, classCount, coefficientCount } = shape;
  const { boxes, scores, classIds, anchors, best, bestClass } = scratch;
  const channels = 4 + classCount + coefficientCount;
  const base = item * channels * anchorCount;
  const [channelStep, anchorStep] = layout === "channels-first" ? [anchorCount, 1] : [1, channels];
  let count = 0;
  for (let anchor = 0; anchor < anchorCount; anchor++) {
    const score = best[anchor] as number;
    if (!(score > limit)) continue;
    const at = base + anchor * anchorStep;
    const x = data[at] as number;
    const y = data[at + channelStep] as number;
    const halfWidth = (data[at + 2 * channelStep] as number) / 2;
    const halfHeight = (data[at + 3 * channelStep] as number) / 2;
    if (!Number.isFinite(x + y + halfWidth + halfHeight + score)) continue;
    boxes[4 * count] = x - halfWidth;
    boxes[4 * count + 1] = y - halfHeight;
    boxes[4 * count + 2] = x + halfWidth;
    boxes[4 * count + 3] = y + halfHeight;
    scores[count] = score;
    classIds[count] = bestClass[anchor] as number;
    anchors[count++] = anchor;
  }
  return { count, boxes, scores, classIds, anchors };
}

function takeFinal(
  data: Float32Array,
  { anchorCount, coefficientCount }: YoloShape,
  item: number,
  minScore: number,
  { boxes, scores, classIds, anchors }: Scratch,
): YoloCandidates {
  const columns = 6 + coefficientCount;
  let count = 0;
  for (let row = 0; row < anchorCount; row++) {
    const at = (item * anchorCount + row) * columns;
    const score = data[at + 4] as number;
    const classId = data[at + 5] as number;
    let sum = score + classId;
    for (let i = 0; i < 4; i++) sum += data[at + i] as number;
    if (!(score >= minScore) || !Number.isFinite(sum)) continue;
    if (classId < 0 || classId > MOST_CLASSES) continue;
    boxes.set(data.subarray(at, at + 4), 4 * count);
    scores[count] = score;
    classIds[count] = Math.round(classId);
    anchors[count++] = row;
  }
  return { count, boxes, scores, classIds, anchors };
}
