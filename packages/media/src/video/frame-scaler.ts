import type { VideoPixelFormat } from "./pixel-format.ts";
import type { VideoFrame } from "./video-frame.ts";

/** A part of a picture, in its pixels. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What {@link FrameScaler.scale} makes. */
export interface ScaleOptions {
  /** @defaultValue the frame's own */
  readonly format?: VideoPixelFormat;
  /** Size of the result. @defaultValue that of the region */
  readonly width?: number;
  readonly height?: number;
  /** What of the frame to take, in coded pixels. @defaultValue all of it */
  readonly roi?: Region;
  readonly signal?: AbortSignal;
}

/** What {@link FrameScaler.tensor} makes. */
export interface ImageTensorOptions {
  readonly width: number;
  readonly height: number;
  /**
   * `"letterbox"` keeps the picture's shape and fills the rest with {@link ImageTensorOptions.padding};
   * `"stretch"` does not.
   *
   * @defaultValue `"letterbox"`
   */
  readonly fit?: "letterbox" | "stretch";
  /** What is written beside a letterboxed picture, 0 to 1. @defaultValue 114 / 255, as YOLO models were trained */
  readonly padding?: number;
  readonly roi?: Region;
  /** Where to write: `3 * height * width` numbers. In shared memory it is filled without a copy. @defaultValue new */
  readonly target?: Float32Array;
  readonly signal?: AbortSignal;
}

/** A picture as a model takes it, and the way back to the frame. */
export interface ImageTensor {
  /** `float32 [3, height, width]`, RGB, 0..1. */
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
  /** Model pixels a frame pixel; `x_frame = (x_model - left) / scaleX + roi.x`. */
  readonly scaleX: number;
  readonly scaleY: number;
  /** Model pixels left of and above the picture. */
  readonly left: number;
  readonly top: number;
}

/** What changes the size and the format of frames, with the right range and matrix, as a plugin. */
export interface FrameScaler {
  /** Version of this contract. */
  readonly apiVersion: 1;
  readonly name: string;
  /** Another frame in another size or format; the given one stays its owner's. */
  scale(frame: VideoFrame, options: ScaleOptions): Promise<VideoFrame>;
  /** The frame as numbers for a model. */
  tensor(frame: VideoFrame, options: ImageTensorOptions): Promise<ImageTensor>;
}
