import { MillraceError } from "@millrace/core";

/** A picture on its way through sharp. */
export interface SharpPicture {
  /** Makes it a JPEG. */
  jpeg(options: { quality: number }): SharpPicture;
  /** Makes it a PNG. */
  png(): SharpPicture;
  /** Encodes it. */
  toBuffer(): Promise<Uint8Array>;
}

/** The part of the package `sharp` that is used: its function. */
export type SharpLibrary = (
  pixels: Uint8Array,
  options: { raw: { width: number; height: number; channels: 3 } },
) => SharpPicture;

/**
 * Loads the library, which is an optional peer.
 *
 * @throws MillraceError MISSING_DEPENDENCY when it is not installed
 */
export async function loadSharpLibrary(): Promise<SharpLibrary> {
  try {
    const { default: library } = await import("sharp");
    return library;
  } catch (cause) {
    throw new MillraceError(
      "MISSING_DEPENDENCY",
      "sharp: the package sharp cannot be loaded; install it: npm install sharp@^0.35.5",
      { cause },
    );
  }
}
