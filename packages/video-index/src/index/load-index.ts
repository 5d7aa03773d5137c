import type { ByteSource } from "../bytes/byte-source.ts";
import type { FrameMappings } from "./import-mappings.ts";
import { indexKeeper } from "./index-keeper.ts";
import { readIndex } from "./read-index.ts";
import type { VideoIndex } from "./video-index.ts";

/** An index, and the way to keep what is learnt about it. */
export interface LoadedIndex {
  readonly index: VideoIndex;
  readonly warnings: readonly string[];
  /** Keeps a better one. */
  readonly save: (index: VideoIndex) => void;
}

/** What {@link loadIndex} may be told. */
export interface LoadOptions {
  readonly mappings?: FrameMappings;
  readonly signal?: AbortSignal;
}

/**
 * The index of a track: from the folder of indexes where it has one of these bytes, else from the container, and then
 * it is kept there.
 *
 * @throws MillraceError as `readIndex`
 */
export async function loadIndex(
  source: ByteSource,
  track: number,
  folder: string | undefined,
  { mappings, signal }: LoadOptions = {},
): Promise<LoadedIndex> {
  // What was brought along is not kept: it is the caller's word.
  const keeper =
    folder === undefined || mappings !== undefined
      ? undefined
      : await indexKeeper(folder, source, track, signal);
  const kept = await keeper?.load();
  if (kept !== undefined && keeper !== undefined) return { ...kept, save: keeper.save };
  const { index, warnings } = await readIndex(source, track, {
    ...(mappings && { mappings }),
    ...(signal && { signal }),
  });
  const save = (better: VideoIndex): void => keeper?.save(better, warnings);
  save(index);
  return { index, warnings, save };
}
