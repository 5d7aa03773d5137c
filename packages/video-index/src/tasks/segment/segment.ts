import { MillraceError } from "@millrace/core";
import type { InferenceSession, Tensor, TensorSpec } from "@millrace/inference";
import { type DetectOptions, YOLO_INPUT } from "../detect/detect.ts";
import type { Detections } from "../detect/detections.ts";
import { type YoloReading, yoloReader } from "../detect/yolo-reader.ts";
import { drawSegments } from "../draw/draw-segments.ts";
import { imageInput } from "../image-input.ts";
import type { InferenceTask, TaskContext } from "../inference-task.ts";
import { assembleMask, type Prototypes } from "./assemble-mask.ts";
import type { InstanceMask } from "./instance-mask.ts";
import { type MaskPolygon, maskPolygons } from "./mask-polygons.ts";

/** What was found in one frame, with the pixels of each object. */
export interface Segments extends Detections {
  /** One entry a detection. */
  readonly masks: readonly InstanceMask[];
  /** Outlines of each detection, made on demand: an object may lie in several pieces. */
  polygons(i: number): readonly MaskPolygon[];
}

/** What {@link segment} takes. */
export interface SegmentOptions extends DetectOptions {
  /** A pixel is of the object from this probability on. @defaultValue 0.5 */
  readonly maskThreshold?: number;
}

const THRESHOLD = 0.5;

/**
 * Finds objects and their pixels with a YOLO segmentation model: v8 and 11 (`[N, 4 + C + 32, A]` with prototypes
 * `[N, 32, H / 4, W / 4]`), and exports with final boxes (`[N, K, 6 + 32]` with the same).
 *
 * @example
 * ```ts no-run
 * import type { InferenceSession } from "@millrace/inference";
 * import type { FrameScaler } from "@millrace/media";
 * import type { Video } from "@millrace/video-index";
 * import { maskArea, runTask, segment } from "@millrace/video-index/tasks";
 *
 * declare const session: InferenceSession;
 * declare const scaler: FrameScaler;
 * declare const video: Video;
 *
 * for await (const item of runTask(video, session, segment(), { scaler })) {
 *   if (item.status === "ok") console.log(item.result.masks.map(maskArea));
 * }
 * ```
 */
export function segment(options: SegmentOptions = {}): InferenceTask<Segments> {
  const input = { ...YOLO_INPUT, ...options.input };
  const { maskThreshold = THRESHOLD } = options;
  return {
    apiVersion: 1,
    name: "segment",
    input,
    batchable: true,
    stateful: false,
    open(session) {
      const { name } = imageInput(session, input);
      const prototypeName = prototypeOutput(session).name;
      const read = yoloReader(session, options);
      return {
        feeds: (images) => ({ [name]: images }),
        postprocess(outputs, item, context) {
          const prototypes = prototypesOf(outputs[prototypeName] as Tensor<"float32">, item);
          const reading = read(outputs, item, context);
          const masks = Array.from({ length: reading.detections.count }, (_, i) => {
            const box = reading.detections.boxes.subarray(4 * i, 4 * i + 4);
            const coefficient = coefficientsOf(reading, item, i);
            return assembleMask(box, coefficient, prototypes, context.placement, maskThreshold);
          });
          return segments(reading.detections, masks, context);
        },
      };
    },
    draw: drawSegments,
  };
}

function segments(
  detections: Detections,
  masks: readonly InstanceMask[],
  { width, height }: TaskContext,
): Segments {
  return {
    ...detections,
    masks,
    polygons: (i) => {
      const mask = masks[i];
      return mask === undefined ? [] : maskPolygons(mask, width, height);
    },
  };
}

function prototypeOutput(session: InferenceSession): TensorSpec {
  const spec = session.outputs.find(({ type, dims }) => type === "float32" && dims.length === 4);
  if (spec !== undefined) return spec;
  throw new MillraceError(
    "UNSUPPORTED",
    "The model has no output of mask prototypes (float32, four axes): it is no segmentation model. Use detect().",
  );
}

function prototypesOf({ data, dims }: Tensor<"float32">, item: number): Prototypes {
  const [, count = 0, height = 0, width = 0] = dims;
  const size = count * height * width;
  return { data: data.subarray(item * size, (item + 1) * size), count, width, height };
}

/** The coefficients of a detection, which lie behind the classes of its anchor. */
function coefficientsOf(
  { anchors, shape, output }: YoloReading,
  item: number,
  i: number,
): (prototype: number) => number {
  const { layout, anchorCount, classCount, coefficientCount } = shape;
  const first = layout === "final" ? 6 : 4 + classCount;
  const channels = first + coefficientCount;
  const anchor = anchors[i] as number;
  const base = item * channels * anchorCount;
  return layout === "channels-first"
    ? (prototype) => output.data[base + (first + prototype) * anchorCount + anchor] as number
    : (prototype) => output.data[base + anchor * channels + first + prototype] as number;
}
