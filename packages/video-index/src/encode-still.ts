import { MillraceError } from "@millrace/core/web";
import type {
  EncodedImage,
  EncodeImageOptions,
  ImageEncoder,
  ImageType,
  VideoFrame,
} from "@millrace/media";

/** Makes still pictures with the first of several encoders that can. */
export type StillEncoder = (
  frame: VideoFrame,
  type: ImageType,
  options: EncodeImageOptions,
) => Promise<EncodedImage>;

/**
 * Takes the first encoder that writes a type; one whose library is not installed is passed over from then on.
 *
 * @throws MillraceError INVALID_OPTION when none writes the type, MISSING_DEPENDENCY as the last of them
 */
export function stillEncoder(encoders: readonly ImageEncoder[]): StillEncoder {
  const missing = new Set<ImageEncoder>();
  return async (frame, type, options) => {
    const able = encoders.filter(({ types }) => types.includes(type));
    let failure: unknown = new MillraceError(
      "INVALID_OPTION",
      `None of the image encoders (${encoders.map(({ name }) => name).join(", ") || "there are none"}) writes ${type}.`,
    );
    for (const encoder of able) {
      if (missing.has(encoder) && encoder !== able.at(-1)) continue;
      try {
        return await encoder.encode(frame, { ...options, type });
      } catch (error) {
        if (!MillraceError.is(error) || error.code !== "MISSING_DEPENDENCY") throw error;
        missing.add(encoder);
        failure = error;
      }
    }
    throw failure;
  };
}
