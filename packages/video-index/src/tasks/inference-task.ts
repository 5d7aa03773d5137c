import type { InferenceSession, NamedTensors, Tensor } from "@millrace/inference";
import type { Canvas } from "./draw/canvas.ts";

/** How a frame becomes a model's input. */
export interface InputPolicy {
  /**
   * Pixels of the model's input; `"model"` takes them from the session: from its declared shape, else from
   * `imgsz` in its metadata, else 640 × 640.
   */
  readonly size: "model" | { readonly width: number; readonly height: number };
  /** `"letterbox"` keeps the picture's shape and pads; `"stretch"` does not, and boxes suffer for it. */
  readonly fit: "letterbox" | "stretch";
  /** What is written beside a letterboxed picture, 0 to 1. @defaultValue 114 / 255, as YOLO models were trained */
  readonly padding?: number;
  /** Order of the planes. @defaultValue `"RGB"` */
  readonly channels?: "RGB" | "BGR";
  /** Subtracted from each plane's 0..1, in the order of the planes. @defaultValue 0 */
  readonly mean?: readonly [number, number, number];
  /** Divides each plane afterwards. @defaultValue 1 */
  readonly deviation?: readonly [number, number, number];
}

/** Where a frame lies in the model's input: the way back from model pixels to the frame's coded pixels. */
export interface ImagePlacement {
  /** Pixels of the model's input. */
  readonly inputWidth: number;
  readonly inputHeight: number;
  /** Model pixels a frame pixel; `x_frame = (x_model - left) / scaleX + x`. */
  readonly scaleX: number;
  readonly scaleY: number;
  /** Model pixels left of and above the picture. */
  readonly left: number;
  readonly top: number;
  /** Frame pixel at which the part of the frame begins that the model saw. */
  readonly x: number;
  readonly y: number;
}

/** The frame that a result is about. */
export interface TaskContext {
  /** Its number in the video. */
  readonly index: number;
  /** When it is shown, in ticks of the track. */
  readonly pts: number;
  /** When it is shown, in seconds on the track's clock. */
  readonly time: number;
  /** Coded pixels of the frame, before rotation. */
  readonly width: number;
  readonly height: number;
  readonly placement: ImagePlacement;
}

/** One pass of a task over one video. Owns whatever the task remembers from frame to frame. */
export interface TaskStream<Result> {
  /**
   * Names the images as the model's inputs.
   *
   * @param images - `float32 [N, 3, H, W]` after the {@link InputPolicy}
   */
  feeds(images: Tensor<"float32">): NamedTensors;
  /**
   * Turns the outputs of a batch into the result of one of its frames. Of a stateful task it is called in the
   * order of the frames, once each.
   *
   * @param item - the frame's place in the batch
   */
  postprocess(outputs: NamedTensors, item: number, context: TaskContext): Result;
  /** Forgets what lies before a discontinuity of time, such as a seek or the next turn of a loop. */
  reset?(): void;
}

/**
 * What to do with each frame of a video, as a plugin: how it enters a model, and what the outputs mean.
 *
 * The object holds settings only, so one task may serve any number of videos at once; {@link InferenceTask.open}
 * starts what remembers.
 *
 * @experimental until two independent tasks outside of this package use it
 */
export interface InferenceTask<Result> {
  /** Version of this contract. */
  readonly apiVersion: 1;
  /** Short noun for messages and reports. */
  readonly name: string;
  readonly input: InputPolicy;
  /** Whether several frames may be given to the model at once. */
  readonly batchable: boolean;
  /** Whether a result depends on the frames before it; then frames come in order and one stream is one video. */
  readonly stateful: boolean;
  /**
   * Starts a pass.
   *
   * @throws MillraceError UNSUPPORTED when the model is none that the task can read
   */
  open(session: InferenceSession): TaskStream<Result>;
  /** Draws a result on a copy of its frame. */
  draw?(canvas: Canvas, result: Result): void;
}
