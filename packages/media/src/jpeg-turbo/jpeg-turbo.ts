import { abortable, MillraceError } from "@millrace/core";
import type { ImageEncoder } from "../image/image-encoder.ts";
import { imageQuality } from "../image/image-quality.ts";
import { uprightPicture } from "../image/upright-picture.ts";
import type { FrameScaler } from "../video/frame-scaler.ts";
import { scalarScaler } from "../video/scalar-scaler.ts";
import {
  type JpegTurboLibrary,
  type JpegTurboPicture,
  loadJpegTurboLibrary,
} from "./jpeg-turbo-library.ts";

/** What {@link jpegTurbo} may be told. */
export interface JpegTurboOptions {
  /** What makes RGB of frames. @defaultValue `scalarScaler()`, which is slow; that of `nodeAv()` is not */
  readonly scaler?: FrameScaler;
  /** The library. @defaultValue the package `@julusian/jpeg-turbo`, which the application installs */
  readonly lib?: JpegTurboLibrary;
}

/** As many pictures are seldom encoded at once. */
const KEPT_OUTS = 2;
/** What a picture of 4K may have, and some more; what a larger one took is given back to the system. */
const MOST_KEPT_BYTES = 32 * 1024 * 1024;

/**
 * JPEG by libjpeg-turbo, a third of sharp's time, on threads of Node's pool.
 *
 * @example
 * ```ts
 * import { videoFrame } from "@millrace/media";
 * import { jpegTurbo } from "@millrace/media/jpeg-turbo";
 *
 * using red = videoFrame({
 *   format: "RGB",
 *   codedWidth: 1,
 *   codedHeight: 1,
 *   pts: 0,
 *   timeBase: { num: 1, den: 25 },
 *   data: Uint8Array.of(255, 0, 0),
 * });
 * const picture = await jpegTurbo().encode(red, { width: 16 });
 * console.log(picture.type, picture.width, picture.height); // image/jpeg 16 16
 * ```
 */
export function jpegTurbo(options: JpegTurboOptions = {}): ImageEncoder {
  const { scaler = scalarScaler() } = options;
  let loading: Promise<JpegTurboLibrary> | undefined;
  /** The largest first. */
  const spare: Buffer[] = [];
  /** A JPEG is a thirtieth of what it may have at most: memory for each would be what the collector is busy with. */
  const borrowOut = (sizeBytes: number): Buffer => {
    const at = spare.findLastIndex(({ length }) => length >= sizeBytes);
    const [known] = at < 0 ? [] : spare.splice(at, 1);
    return known ?? Buffer.allocUnsafeSlow(sizeBytes);
  };
  const giveBackOut = (out: Buffer): void => {
    if (out.length > MOST_KEPT_BYTES) return;
    spare.push(out);
    spare.sort((a, b) => b.length - a.length);
    // Small ones must not keep out those of the pictures that cost most.
    spare.splice(KEPT_OUTS);
  };
  const write = async (library: JpegTurboLibrary, pixels: Buffer, picture: JpegTurboPicture) => {
    const out = borrowOut(library.bufferSize(picture));
    try {
      return Uint8Array.from(await library.compress(pixels, out, picture));
    } finally {
      giveBackOut(out);
    }
  };
  return {
    apiVersion: 1,
    name: "jpeg-turbo",
    types: ["image/jpeg"],
    async encode(frame, encode = {}) {
      const { type = "image/jpeg", signal } = encode;
      const quality = imageQuality(encode.quality);
      if (type !== "image/jpeg") {
        throw new MillraceError(
          "UNSUPPORTED",
          `jpeg-turbo: it does not write ${type}; sharp does.`,
        );
      }
      signal?.throwIfAborted();
      loading ??= options.lib ? Promise.resolve(options.lib) : loadJpegTurboLibrary();
      const library = await loading;
      const { FORMAT_RGB: format, SAMP_420: subsampling } = library;
      const { data, width, height, close } = await uprightPicture(frame, encode, scaler);
      const pixels = Buffer.from(data.buffer, data.byteOffset, width * height * 3);
      // Until then the library reads the memory, also after an abort.
      const picture = { format, width, height, subsampling, quality };
      const closed = write(library, pixels, picture).finally(close);
      return { type, data: await (signal ? abortable(closed, signal) : closed), width, height };
    },
  };
}
