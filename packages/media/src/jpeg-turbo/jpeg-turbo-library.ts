import { MillraceError } from "@millrace/core";

/** What the library is told of a picture. */
export interface JpegTurboPicture {
  readonly format: number;
  readonly width: number;
  readonly height: number;
  readonly subsampling: number;
  /** 1 to 100. */
  readonly quality: number;
}

/** The part of the package `@julusian/jpeg-turbo` that is used. */
export interface JpegTurboLibrary {
  readonly FORMAT_RGB: number;
  readonly SAMP_420: number;
  /** Bytes that a JPEG of this size may have at most. */
  bufferSize(picture: JpegTurboPicture): number;
  /** Encodes pixels that lie packed. Gives the part of `out` that was written. */
  compress(pixels: Buffer, out: Buffer, picture: JpegTurboPicture): Promise<Uint8Array>;
}

/**
 * Loads the library, which is an optional peer.
 *
 * @throws MillraceError MISSING_DEPENDENCY when it is not installed
 */
export async function loadJpegTurboLibrary(): Promise<JpegTurboLibrary> {
  try {
    const { default: library } = await import("@julusian/jpeg-turbo");
    return library;
  } catch (cause) {
    throw new MillraceError(
      "MISSING_DEPENDENCY",
      "jpeg-turbo: the package @julusian/jpeg-turbo cannot be loaded; install it: npm install @julusian/jpeg-turbo@^3.0.1",
      { cause },
    );
  }
}
