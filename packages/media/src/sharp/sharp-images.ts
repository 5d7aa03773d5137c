import { abortable, MillraceError } from "@millrace/core";
import type { ImageEncoder } from "../image/image-encoder.ts";
import { imageQuality } from "../image/image-quality.ts";
import { uprightPicture } from "../image/upright-picture.ts";
import type { FrameScaler } from "../video/frame-scaler.ts";
import { scalarScaler } from "../video/scalar-scaler.ts";
import { loadSharpLibrary, type SharpLibrary } from "./sharp-library.ts";

/** What {@link sharpImages} may be told. */
export interface SharpImagesOptions {
  /** What makes RGB of frames. @defaultValue `scalarScaler()`, which is slow; that of `nodeAv()` is not */
  readonly scaler?: FrameScaler;
  /** The library. @defaultValue the package `sharp`, which the application installs */
  readonly lib?: SharpLibrary;
}

/**
 * Still pictures by sharp: JPEG and PNG, encoded on threads of its own.
 *
 * @example
 * ```ts
 * import { videoFrame } from "@millrace/media";
 * import { sharpImages } from "@millrace/media/sharp";
 *
 * using red = videoFrame({
 *   format: "RGB",
 *   codedWidth: 1,
 *   codedHeight: 1,
 *   pts: 0,
 *   timeBase: { num: 1, den: 25 },
 *   data: Uint8Array.of(255, 0, 0),
 * });
 * const picture = await sharpImages().encode(red, { width: 16, quality: 90 });
 * console.log(picture.type, picture.width, picture.height); // image/jpeg 16 16
 * ```
 */
export function sharpImages(options: SharpImagesOptions = {}): ImageEncoder {
  const { scaler = scalarScaler() } = options;
  let library: Promise<SharpLibrary> | undefined;
  return {
    apiVersion: 1,
    name: "sharp",
    types: ["image/jpeg", "image/png"],
    async encode(frame, encode = {}) {
      const { type = "image/jpeg", signal } = encode;
      const quality = imageQuality(encode.quality);
      if (type !== "image/jpeg" && type !== "image/png") {
        throw new MillraceError("UNSUPPORTED", `sharp: ${String(type)} is neither JPEG nor PNG.`);
      }
      signal?.throwIfAborted();
      library ??= options.lib ? Promise.resolve(options.lib) : loadSharpLibrary();
      const sharp = await library;
      const { data, width, height, close } = await uprightPicture(frame, encode, scaler);
      const raw = sharp(data, { raw: { width, height, channels: 3 } });
      const encoded = (type === "image/png" ? raw.png() : raw.jpeg({ quality })).toBuffer();
      // Until then the library reads the memory, also after an abort.
      const closed = encoded.finally(close);
      return { type, data: await (signal ? abortable(closed, signal) : closed), width, height };
    },
  };
}
