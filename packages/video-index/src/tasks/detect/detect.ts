import { drawDetections } from "../draw/draw-detections.ts";
import { imageInput } from "../image-input.ts";
import type { InferenceTask, InputPolicy } from "../inference-task.ts";
import type { Detections } from "./detections.ts";
import { type YoloOptions, yoloReader } from "./yolo-reader.ts";

/** What {@link detect} takes. */
export interface DetectOptions extends YoloOptions {
  /** How frames enter the model. @defaultValue letterboxed, in the model's size */
  readonly input?: Partial<InputPolicy>;
}

/** How YOLO models were trained to see. */
export const YOLO_INPUT: InputPolicy = { size: "model", fit: "letterbox" };

/**
 * Finds objects with a YOLO model: v8 and 11 exported without non-maximum suppression, either way round, and v10 or
 * any other export that has final boxes (`[N, K, 6]`).
 *
 * Bring your own model: weights have licences of their own.
 *
 * @example
 * ```ts no-run
 * import type { InferenceBackend } from "@millrace/inference";
 * import type { FrameScaler } from "@millrace/media";
 * import type { Video } from "@millrace/video-index";
 * import { detect, eachDetection, runTask } from "@millrace/video-index/tasks";
 *
 * declare const backend: InferenceBackend;
 * declare const scaler: FrameScaler;
 * declare const video: Video;
 *
 * await using session = await backend.load("yolo11n.onnx");
 * for await (const item of runTask(video, session, detect({ minScore: 0.4 }), { scaler })) {
 *   if (item.status === "ok") console.log(item.time, [...eachDetection(item.result)]);
 * }
 * ```
 */
export function detect(options: DetectOptions = {}): InferenceTask<Detections> {
  const input = { ...YOLO_INPUT, ...options.input };
  return {
    apiVersion: 1,
    name: "detect",
    input,
    batchable: true,
    stateful: false,
    open(session) {
      const { name } = imageInput(session, input);
      const read = yoloReader(session, options);
      return {
        feeds: (images) => ({ [name]: images }),
        postprocess: (outputs, item, context) => read(outputs, item, context).detections,
      };
    },
    draw: drawDetections,
  };
}
