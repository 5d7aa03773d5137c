import { MillraceError } from "@millrace/core/web";
import type { ByteSource } from "../bytes/byte-source.ts";
import { readContainer } from "../container/read-container.ts";
import { type FrameMappings, importMappings } from "./import-mappings.ts";
import { type VideoIndex, videoIndex } from "./video-index.ts";

/** What {@link readIndex} may be told. */
export interface ReadIndexOptions {
  /** Frames as another tool has listed them, in place of what the container says. */
  readonly mappings?: FrameMappings;
  readonly signal?: AbortSignal;
}

/**
 * The index of a track, from its container.
 *
 * @param track - which of the video tracks, from 0
 * @throws MillraceError NOT_FOUND when there is no such track, and as `readContainer`
 */
export async function readIndex(
  source: ByteSource,
  track: number,
  { mappings, signal }: ReadIndexOptions = {},
): Promise<{ readonly index: VideoIndex; readonly warnings: readonly string[] }> {
  const { tracks, warnings } = await readContainer(source, signal);
  const found = tracks[track];
  if (found === undefined) {
    throw new MillraceError(
      "NOT_FOUND",
      `${source.name} has no video track ${track}; it has ${tracks.length}, counted from 0.`,
    );
  }
  const listed = mappings === undefined ? found : importMappings(found, mappings);
  return { index: videoIndex(listed), warnings };
}
