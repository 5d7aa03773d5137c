import type { ByteSource } from "./bytes/byte-source.ts";
import type { Video } from "./video.ts";
import { createVideoLibrary, type OpenOptions, type VideoLibraryOptions } from "./video-library.ts";

/** What {@link openVideo} takes. */
export interface OpenVideoOptions extends VideoLibraryOptions, OpenOptions {}

/**
 * Opens one video, with decoders and a cache of its own; several go into a {@link createVideoLibrary}.
 *
 * @param source - a path, or bytes from anywhere, which the video takes over
 * @example
 * ```ts
 * import { openVideo } from "@millrace/video-index";
 *
 * await using video = await openVideo("clip.mp4");
 * using shown = await video.frameAt(59);
 * console.log(video.info.frameCount, shown.time.toFixed(3), shown.exactness); // 60 1.967 verified
 * ```
 * @throws MillraceError UNSUPPORTED, CORRUPT_INPUT or NOT_FOUND when it is no video that can be read
 */
export async function openVideo(
  source: string | ByteSource,
  options: OpenVideoOptions = {},
): Promise<Video> {
  const library = createVideoLibrary(options);
  try {
    const video = await library.open(source, options);
    const close = (): Promise<void> => library.close();
    return Object.create(video, {
      close: { value: close },
      [Symbol.asyncDispose]: { value: close },
    });
  } catch (error) {
    await library.close();
    throw error;
  }
}
