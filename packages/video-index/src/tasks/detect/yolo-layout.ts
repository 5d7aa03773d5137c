import { MillraceError } from "@millrace/core";
import type { ModelMetadata } from "../model-metadata.ts";

/**
 * How the boxes lie in a model's output.
 *
 * `"channels-first"`: `[N, 4 + C, A]`, as YOLO v8 and 11 are exported. `"anchors-first"`: `[N, A, 4 + C]`, the same
 * transposed. `"final"`: `[N, K, 6]` rows of x1, y1, x2, y2, score, class, with suppression done inside.
 */
export type YoloLayout = "channels-first" | "anchors-first" | "final";

/** A {@link YoloLayout} and the numbers that go with it. */
export interface YoloShape {
  readonly layout: YoloLayout;
  /** Rows or columns that are boxes. */
  readonly anchorCount: number;
  /** Classes; 0 where the layout is `"final"` and does not tell. */
  readonly classCount: number;
  /** Mask coefficients behind the classes. */
  readonly coefficientCount: number;
}

/** What {@link yoloShape} goes by. */
export interface YoloShapeHints {
  readonly metadata: Pick<ModelMetadata, "names" | "endToEnd">;
  /** Pixels of the model's input. */
  readonly inputWidth: number;
  readonly inputHeight: number;
  /** Mask coefficients of a segmentation model: the channels of its prototypes. @defaultValue 0 */
  readonly coefficientCount?: number;
  /** Taken as it is said. @defaultValue recognised */
  readonly layout?: YoloLayout;
}

const FINAL_COLUMNS = 6;

/**
 * Recognises the layout of an output from its shape, the number of class names and the size of the input: the
 * three detection heads have one anchor for 8 × 8, 16 × 16 and 32 × 32 pixels each.
 *
 * @param dims - of the output, batch first
 * @throws MillraceError UNSUPPORTED when it is none of them
 */
export function yoloShape(dims: readonly number[], hints: YoloShapeHints): YoloShape {
  const [, rows = 0, columns = 0] = dims;
  const { metadata, coefficientCount = 0 } = hints;
  const layout = dims.length === 3 ? (hints.layout ?? recognise(rows, columns, hints)) : undefined;
  const [anchorCount, channels] = layout === "channels-first" ? [columns, rows] : [rows, columns];
  const fixed = (layout === "final" ? FINAL_COLUMNS : 4) + coefficientCount;
  const fits = layout === "final" ? channels === fixed : channels > fixed;
  if (layout === undefined || !fits) {
    throw new MillraceError(
      "UNSUPPORTED",
      `The model's output of shape [${dims.join(", ")}] is none of [N, 4 + classes, anchors], ` +
        `[N, anchors, 4 + classes] and [N, boxes, 6]${coefficientCount > 0 ? ` with ${coefficientCount} mask coefficients` : ""}. ` +
        "Export the model as YOLO v8, v10 or 11 does, or set `layout`.",
      { details: { dims: [...dims], classes: metadata.names.length } },
    );
  }
  const classCount = layout === "final" ? 0 : channels - fixed;
  const named = metadata.names.length;
  // What lies behind the classes, such as key points, would be taken for more of them.
  if (layout !== "final" && named > 0 && classCount !== named) {
    throw new MillraceError(
      "UNSUPPORTED",
      `The model's output of shape [${dims.join(", ")}] has room for ${classCount} classes, and ${named} have names. ` +
        "Is it a detection or segmentation model, and are classNames all of its names?",
      { details: { dims: [...dims], classes: named } },
    );
  }
  return { layout, anchorCount, classCount, coefficientCount };
}

function recognise(rows: number, columns: number, hints: YoloShapeHints): YoloLayout | undefined {
  const { metadata, inputWidth, inputHeight, coefficientCount = 0 } = hints;
  const isFinal = columns === FINAL_COLUMNS + coefficientCount;
  if (metadata.endToEnd === true && isFinal) return "final";
  const anchors = [8, 16, 32].reduce(
    (sum, stride) => sum + Math.ceil(inputWidth / stride) * Math.ceil(inputHeight / stride),
    0,
  );
  if (columns === anchors) return "channels-first";
  if (rows === anchors) return "anchors-first";
  const channels = 4 + metadata.names.length + coefficientCount;
  if (metadata.names.length > 0 && rows === channels && columns !== channels) {
    return "channels-first";
  }
  // Two classes have six columns, too: then the exporter has said above what it is.
  if (isFinal) return "final";
  if (metadata.names.length > 0 && columns === channels) return "anchors-first";
  if (metadata.names.length > 0) return undefined;
  return rows < columns ? "channels-first" : "anchors-first";
}
