import type { VideoColorSpace } from "./color-space.ts";
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
  /**
   * What of the frame to take, in coded pixels. Its corner moves to the nearest pixel above and left that has
   * chroma of its own.
   *
   * @defaultValue all of it
   */
  readonly roi?: Region;
  /**
   * Matrix and range of the result.
   *
   * @defaultValue the frame's own; that of sRGB for RGB; from RGB to YUV, BT.709 from 720 lines up and BT.601 below,
   * of limited range
   */
  readonly colorSpace?: Pick<VideoColorSpace, "matrix" | "fullRange">;
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
  /** What of the frame to take, as {@link ScaleOptions.roi}. @defaultValue all of it */
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
  /** What of the frame was taken. */
  readonly roi: Region;
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
  /**
   * Another frame in another size or format; the given one stays its owner's. Rotation is carried over, not applied.
   *
   * @throws MillraceError INVALID_OPTION when the region lies outside the frame or a size is not a whole number
   */
  scale(frame: VideoFrame, options: ScaleOptions): Promise<VideoFrame>;
  /**
   * The frame as numbers for a model, unrotated: between the nearest two pixels each way, without smoothing what
   * becomes smaller. So does OpenCV's `INTER_LINEAR`, through which detectors see their pictures in training.
   *
   * @throws MillraceError INVALID_OPTION as `scale`, and when `target` has another length
   */
  tensor(frame: VideoFrame, options: ImageTensorOptions): Promise<ImageTensor>;
}
