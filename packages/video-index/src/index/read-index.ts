import { MillraceError } from "@millrace/core/web";
import type { ByteSource } from "../bytes/byte-source.ts";
import { readContainer } from "../container/read-container.ts";
import { type VideoIndex, videoIndex } from "./video-index.ts";

/**
 * The index of a track, from its container.
 *
 * @param track - which of the video tracks, from 0
 * @throws MillraceError NOT_FOUND when there is no such track, and as `readContainer`
 */
export async function readIndex(
  source: ByteSource,
  track: number,
  signal?: AbortSignal,
): Promise<{ readonly index: VideoIndex; readonly warnings: readonly string[] }> {
  const { tracks, warnings } = await readContainer(source, signal);
  const found = tracks[track];
  if (found === undefined) {
    throw new MillraceError(
      "NOT_FOUND",
      `${source.name} has no video track ${track}; it has ${tracks.length}, counted from 0.`,
    );
  }
  return { index: videoIndex(found), warnings };
}
