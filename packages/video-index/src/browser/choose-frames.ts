import { MillraceError } from "@millrace/core/web";
import type { VideoDecoderBackend } from "@millrace/media";
import { decoderPool } from "../access/decoder-pool.ts";
import { type FrameStore, frameStore } from "../access/frame-store.ts";
import type { FrameCache } from "../access/stored-frame.ts";
import type { ByteSource } from "../bytes/byte-source.ts";
import type { VideoIndex } from "../index/video-index.ts";
import type { WebAccess } from "./get-answer.ts";
import { type StillUrl, stillStore } from "./still-store.ts";
import { entersSeldom, whyNotDecoded } from "./why-not-decoded.ts";
import { withStills } from "./with-stills.ts";

/** What {@link chooseFrames} chooses from. */
export interface FrameChoice {
  /** The video, for messages. */
  readonly name: string;
  readonly index: VideoIndex;
  readonly backend: VideoDecoderBackend;
  /** The bytes of the video, opened when they are first asked for. */
  readonly bytes: () => Promise<ByteSource>;
  readonly stillUrl: StillUrl | undefined;
  /** What the caller insists on. */
  readonly mode: "webcodecs" | "stills" | undefined;
  readonly web: WebAccess;
  readonly cache: FrameCache;
  /** Decoders that are open at once. */
  readonly decoders: number;
  readonly signal: AbortSignal | undefined;
}

/** Where the frames of a video come from. */
export interface ChosenFrames {
  readonly mode: "webcodecs" | "stills";
  readonly store: FrameStore;
}

/** What keys begin with in the cache. */
const DECODED = "decoded:";
const STILLS = "still:";

/**
 * Decoded frames where the browser can decode them without going far back, with pictures from the server for those that
 * it cannot; else pictures only.
 *
 * @throws MillraceError UNSUPPORTED or MISSING_DEPENDENCY when there are neither, INVALID_OPTION when the mode is
 * `"stills"` and there is no address for them
 */
export async function chooseFrames(choice: FrameChoice): Promise<ChosenFrames> {
  const { name, index, backend, stillUrl, mode, web, cache, signal } = choice;
  const stills =
    stillUrl && stillStore({ name, index, stillUrl, cache, cachePrefix: STILLS, ...web });
  if (mode === "stills") {
    if (stills !== undefined) return { mode, store: stills };
    throw new MillraceError("INVALID_OPTION", 'With the mode "stills", give stillUrl.');
  }
  const refusal = await whyNotDecoded(index, backend);
  signal?.throwIfAborted();
  if (refusal !== undefined) {
    if (stills === undefined || mode === "webcodecs") throw refusal;
    return { mode: "stills", store: stills };
  }
  const source = await choice.bytes();
  if (stills !== undefined && mode === undefined) {
    const seldom = await entersSeldom(index, backend, source, signal);
    if (seldom) return { mode: "stills", store: stills };
  }
  const decoded = frameStore({
    source,
    index,
    backend,
    cache,
    pool: decoderPool(choice.decoders),
    cachePrefix: DECODED,
    threads: 1,
  });
  const store = stills === undefined ? decoded : withStills(decoded, stills);
  return { mode: "webcodecs", store };
}
