import { MillraceError } from "@millrace/core";

/** The part of the package `@julusian/jpeg-turbo` that is used. */
export interface JpegTurboLibrary {
  readonly FORMAT_RGB: number;
  readonly SAMP_420: number;
  /** Encodes pixels that lie packed. */
  compress(
    pixels: Buffer,
    options: {
      format: number;
      width: number;
      height: number;
      subsampling: number;
      quality: number;
    },
  ): Promise<Uint8Array>;
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
