import { MillraceError } from "@millrace/core/web";

const DEFAULT_QUALITY = 85;

/**
 * The quality of a JPEG.
 *
 * @throws MillraceError INVALID_OPTION when it is not a whole number from 1 to 100
 */
export function imageQuality(quality: number = DEFAULT_QUALITY): number {
  if (!Number.isSafeInteger(quality) || quality < 1 || quality > 100) {
    throw new MillraceError(
      "INVALID_OPTION",
      `quality is ${quality}; give a whole number from 1 to 100.`,
    );
  }
  return quality;
}
