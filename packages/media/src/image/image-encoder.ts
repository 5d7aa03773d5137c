import type { Region } from "../video/frame-scaler.ts";
import type { VideoFrame } from "../video/video-frame.ts";

/** Formats of still pictures. */
export type ImageType = "image/jpeg" | "image/png";

/** What {@link ImageEncoder.encode} may be told. */
export interface EncodeImageOptions {
  /** @defaultValue `"image/jpeg"` */
  readonly type?: ImageType;
  /** 1 to 100, of a JPEG. @defaultValue 85 */
  readonly quality?: number;
  /** Size of the picture; one of both keeps its shape. @defaultValue that of the region */
  readonly width?: number;
  readonly height?: number;
  /** What of the frame to take. @defaultValue all of it */
  readonly roi?: Region;
  readonly signal?: AbortSignal;
}

/** A still picture. */
export interface EncodedImage {
  readonly type: ImageType;
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** A library that writes still pictures, as a plugin. Rotation is applied; range and matrix are those of sRGB. */
export interface ImageEncoder {
  /** Version of this contract. */
  readonly apiVersion: 1;
  readonly name: string;
  readonly types: readonly ImageType[];
  /**
   * Encodes a frame, which stays its owner's.
   *
   * @throws MillraceError MISSING_DEPENDENCY when the library is not installed, UNSUPPORTED for another type
   */
  encode(frame: VideoFrame, options?: EncodeImageOptions): Promise<EncodedImage>;
}
