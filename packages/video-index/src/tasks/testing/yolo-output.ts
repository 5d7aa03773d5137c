import { type Tensor, tensor } from "@millrace/inference";
import type { YoloLayout } from "../detect/yolo-layout.ts";

/** An anchor's answer: a box in model pixels, and its class. */
export interface YoloAnswer {
  /** x1, y1, x2, y2. */
  readonly box: readonly [number, number, number, number];
  readonly score: number;
  readonly classId: number;
  /** Mask coefficients. @defaultValue 0 each */
  readonly coefficients?: readonly number[];
}

/** What {@link yoloOutput} makes. */
export interface YoloOutputOptions {
  readonly layout: YoloLayout;
  readonly anchorCount: number;
  readonly classCount: number;
  /** @defaultValue 0 */
  readonly coefficientCount?: number;
}

/** Writes answers as a model of YOLO's kind would; anchors without one have the score 0. */
export function yoloOutput(
  batch: readonly (readonly YoloAnswer[])[],
  options: YoloOutputOptions,
): Tensor<"float32"> {
  const { layout, anchorCount, classCount, coefficientCount = 0 } = options;
  const channels = (layout === "final" ? 6 : 4 + classCount) + coefficientCount;
  const data = new Float32Array(batch.length * channels * anchorCount);
  batch.forEach((answers, item) => {
    answers.forEach(({ box, score, classId, coefficients = [] }, anchor) => {
      const [x1, y1, x2, y2] = box;
      const middle = [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1];
      const scores = Array.from({ length: classCount }, (_, i) => (i === classId ? score : 0));
      const head = layout === "final" ? [...box, score, classId] : [...middle, ...scores];
      [...head, ...coefficients].forEach((value, channel) => {
        const base = item * channels * anchorCount;
        const at =
          layout === "channels-first"
            ? channel * anchorCount + anchor
            : anchor * channels + channel;
        data[base + at] = value;
      });
    });
  });
  const dims =
    layout === "channels-first"
      ? [batch.length, channels, anchorCount]
      : [batch.length, anchorCount, channels];
  return tensor("float32", data, dims);
}
