import { MillraceError } from "@millrace/core";
import type { InferenceSession, NamedTensors, Tensor } from "@millrace/inference";
import type { TaskContext } from "../inference-task.ts";
import { readModelMetadata } from "../model-metadata.ts";
import { type YoloCandidates, yoloDecoder } from "./decode-yolo.ts";
import { className, type Detections } from "./detections.ts";
import { nonMaximumSuppression, type SuppressionOptions } from "./non-maximum-suppression.ts";
import { type YoloLayout, type YoloShape, yoloShape } from "./yolo-layout.ts";

/** How a YOLO model's boxes are read. */
export interface YoloOptions extends SuppressionOptions {
  /** Boxes of a lower score are dropped. @defaultValue 0.25, what Ultralytics' predictor takes */
  readonly minScore?: number;
  /** Only these classes, by number or name. @defaultValue all */
  readonly classes?: readonly (number | string)[];
  /** Names by class number. @defaultValue those in the model's metadata */
  readonly classNames?: readonly string[];
  /** How the boxes lie in the output. @defaultValue recognised by shape and metadata */
  readonly layout?: YoloLayout;
}

/** Detections, and where in the output each was found. */
export interface YoloReading {
  readonly detections: Detections;
  /** Anchor of each detection. */
  readonly anchors: Uint32Array;
  readonly shape: YoloShape;
  readonly output: Tensor<"float32">;
}

/** Reads the boxes of one frame out of the outputs of a batch. */
export type YoloReader = (outputs: NamedTensors, item: number, context: TaskContext) => YoloReading;

const MIN_SCORE = 0.25;
const READABLE_TASKS: ReadonlySet<string> = new Set(["detect", "segment"]);

/**
 * Makes a reader of the boxes of a YOLO model; what it gives is in frame pixels, clipped to the frame.
 *
 * @throws MillraceError UNSUPPORTED when no output is a list of boxes, INVALID_OPTION when a class name is unknown
 */
export function yoloReader(session: InferenceSession, options: YoloOptions): YoloReader {
  const metadata = readModelMetadata(session.metadata);
  const names = options.classNames ?? metadata.names;
  const spec = session.outputs.find(({ type, dims }) => type === "float32" && dims.length === 3);
  if (spec === undefined) {
    throw new MillraceError(
      "UNSUPPORTED",
      "The model has no output of type float32 and three axes, so it is no YOLO v8, v10 or 11 export.",
    );
  }
  if (metadata.task !== undefined && !READABLE_TASKS.has(metadata.task)) {
    throw new MillraceError(
      "UNSUPPORTED",
      `The model says that it is for "${metadata.task}". Take one for detection or segmentation.`,
    );
  }
  const wanted = options.classes && new Set(options.classes.map((it) => classNumber(it, names)));
  const decode = yoloDecoder();
  const { minScore = MIN_SCORE } = options;
  // A segmentation model has a coefficient for each of its prototypes behind the classes, also where only boxes count.
  const prototypes = session.outputs.find(({ dims }) => dims.length === 4)?.name;
  return (outputs, item, context) => {
    const coefficientCount = outputs[prototypes ?? ""]?.dims[1] ?? 0;
    const output = outputs[spec.name] as Tensor<"float32">;
    const { placement } = context;
    const shape = yoloShape(output.dims, {
      metadata: { ...metadata, names },
      inputWidth: placement.inputWidth,
      inputHeight: placement.inputHeight,
      coefficientCount,
      ...(options.layout && { layout: options.layout }),
    });
    let candidates = decode(output.data, shape, item, minScore);
    // Before the suppression: a class that is not asked for must not hide one that is.
    if (wanted !== undefined) candidates = onlyClasses(candidates, wanted);
    const limits = shape.layout === "final" ? { ...options, maxOverlap: 1 } : options;
    const kept = nonMaximumSuppression(candidates, limits);
    const { boxes, scores, classIds, anchors } = candidates;
    const found = {
      boxes: new Float32Array(4 * kept.length),
      scores: new Float32Array(kept.length),
      classIds: new Int32Array(kept.length),
      anchors: new Uint32Array(kept.length),
    };
    let count = 0;
    for (const i of kept) {
      if (!placeBox(boxes, i, found.boxes, count, context)) continue;
      found.scores[count] = Math.min(1, scores[i] as number);
      found.classIds[count] = classIds[i] as number;
      found.anchors[count++] = anchors[i] as number;
    }
    return {
      detections: {
        count,
        boxes: found.boxes.subarray(0, 4 * count),
        scores: found.scores.subarray(0, count),
        classIds: found.classIds.subarray(0, count),
        classNames: names,
      },
      anchors: found.anchors.subarray(0, count),
      shape,
      output,
    };
  };
}

/** Writes a box of model pixels as one of frame pixels; false where nothing of it lies in the frame. */
function placeBox(
  from: Float32Array,
  i: number,
  to: Float32Array,
  at: number,
  { placement, width, height }: TaskContext,
): boolean {
  const { scaleX, scaleY, left, top, x, y } = placement;
  const clip = (value: number, end: number): number => Math.min(Math.max(value, 0), end);
  const x1 = clip(((from[4 * i] as number) - left) / scaleX + x, width);
  const y1 = clip(((from[4 * i + 1] as number) - top) / scaleY + y, height);
  const x2 = clip(((from[4 * i + 2] as number) - left) / scaleX + x, width);
  const y2 = clip(((from[4 * i + 3] as number) - top) / scaleY + y, height);
  if (!(x2 > x1 && y2 > y1)) return false;
  to[4 * at] = x1;
  to[4 * at + 1] = y1;
  to[4 * at + 2] = x2;
  to[4 * at + 3] = y2;
  return true;
}

/** The candidates of some classes, moved to the front of the same arrays. */
function onlyClasses(candidates: YoloCandidates, wanted: ReadonlySet<number>): YoloCandidates {
  const { boxes, scores, classIds, anchors } = candidates;
  let count = 0;
  for (let i = 0; i < candidates.count; i++) {
    if (!wanted.has(classIds[i] as number)) continue;
    boxes.copyWithin(4 * count, 4 * i, 4 * i + 4);
    scores[count] = scores[i] as number;
    classIds[count] = classIds[i] as number;
    anchors[count++] = anchors[i] as number;
  }
  return { ...candidates, count };
}

function classNumber(wanted: number | string, names: readonly string[]): number {
  if (typeof wanted === "number") return wanted;
  for (let classId = 0; classId < names.length; classId++) {
    if (className(names, classId) === wanted) return classId;
  }
  throw new MillraceError(
    "INVALID_OPTION",
    `classes: the model knows no class "${wanted}". It knows ${names.slice(0, 20).join(", ") || "no names: give numbers, or classNames"}.`,
  );
}
