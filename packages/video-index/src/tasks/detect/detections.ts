/**
 * What was found in one frame, as columns: entry `i` of each belongs to the same object. Sorted by falling score.
 */
export interface Detections {
  readonly count: number;
  /** `[count, 4]`: x1, y1, x2, y2 in coded pixels of the frame, within it. */
  readonly boxes: Float32Array;
  /** 0 to 1. */
  readonly scores: Float32Array;
  readonly classIds: Int32Array;
  /** Names by class number; may be empty or too short, see {@link className}. */
  readonly classNames: readonly string[];
}

/** One object of {@link Detections}, as a plain object. */
export interface Detection {
  /** x1, y1, x2, y2 in coded pixels of the frame. */
  readonly box: readonly [number, number, number, number];
  readonly score: number;
  readonly classId: number;
  readonly className: string;
}

/**
 * Walks detections as plain objects. Made for reports and tests: it makes an object each.
 *
 * @example
 * ```ts
 * import { eachDetection } from "@millrace/video-index/tasks";
 *
 * const detections = {
 *   count: 1,
 *   boxes: Float32Array.of(10, 20, 30, 60),
 *   scores: Float32Array.of(0.75),
 *   classIds: Int32Array.of(0),
 *   classNames: ["person"],
 * };
 * for (const { box, className } of eachDetection(detections)) console.log(className, box);
 * ```
 */
export function* eachDetection(detections: Detections): Generator<Detection> {
  const { boxes, scores, classIds } = detections;
  for (let i = 0; i < detections.count; i++) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = boxes.subarray(4 * i, 4 * i + 4);
    const classId = classIds[i] as number;
    yield {
      box: [x1, y1, x2, y2],
      score: scores[i] as number,
      classId,
      className: className(detections.classNames, classId),
    };
  }
}

/** A class's name, or `"class 7"` where the model gives it none. */
export function className(classNames: readonly string[], classId: number): string {
  return classNames[classId] ?? `class ${classId}`;
}
