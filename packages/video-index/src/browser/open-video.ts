import { MillraceError, redactUrl } from "@millrace/core/web";
import { byteCache } from "../access/byte-cache.ts";
import { decoderPool } from "../access/decoder-pool.ts";
import { type FrameStore, frameStore } from "../access/frame-store.ts";
import type { ByteSource } from "../bytes/byte-source.ts";
import { httpBytes } from "../bytes/http-bytes.ts";
import { type CachedEntry, releaseEntry } from "../cached-entry.ts";
import { decodeIndex } from "../index/index-bytes.ts";
import type { VideoIndex } from "../index/video-index.ts";
import { videoOver } from "../video-over.ts";
import type { BrowserVideo } from "./browser-video.ts";
import { canvasStill } from "./canvas-still.ts";
import { getAnswer, type WebAccess } from "./get-answer.ts";
import { latestDrawing } from "./latest-drawing.ts";
import { type StillUrl, stillStore } from "./still-store.ts";
import { type WebCodecsDecoderOptions, webCodecsDecoder } from "./web-codecs-decoder.ts";

/** What {@link openVideo} may be told. */
export interface OpenBrowserVideoOptions extends WebCodecsDecoderOptions {
  /**
   * The index as `encodeIndex` writes it, or where it is: of the same bytes as the video. Without it the container is
   * read, which takes a few requests, and for MPEG-TS, AVI and some Matroska files the whole file.
   */
  readonly index?: Uint8Array | string | URL;
  /**
   * Where a server has the picture of a frame. Used where the browser does not decode the video; `mode` is then
   * `"stills"`, and of the video itself nothing is read when there is an `index`.
   */
  readonly stillUrl?: StillUrl;
  /** `"stills"` does without WebCodecs also where it is there. @defaultValue `"webcodecs"` where it can */
  readonly mode?: "webcodecs" | "stills";
  /** Which of the video tracks, from 0, where the container is read. @defaultValue 0 */
  readonly track?: number;
  /** Bytes of decoded frames and pictures that are kept. @defaultValue 128 MiB */
  readonly cacheBytes?: number;
  /** Decoders that are open at once. @defaultValue 2 */
  readonly decoders?: number;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** @defaultValue the global `fetch` */
  readonly fetch?: typeof fetch;
  /** Ends the opening. */
  readonly signal?: AbortSignal;
}

const CACHE_BYTES = 128 * 2 ** 20;
const DECODERS = 2;
const PREFIX = "0:";

/** An index, and the bytes of its video where they are open. */
interface Opened {
  readonly index: VideoIndex;
  readonly warnings: readonly string[];
  readonly source: ByteSource | undefined;
}

/**
 * Opens a video in a page: the same frame numbers and times as on the server, with frames decoded by WebCodecs from ranges
 * of the file.
 *
 * @example
 * ```ts no-run
 * import { openVideo } from "@millrace/video-index/browser";
 *
 * const video = await openVideo("/videos/7/file", {
 *   index: "/videos/7/index",
 *   stillUrl: (frame) => `/videos/7/frames/${frame}.jpeg`,
 * });
 * using shown = await video.frameAtTime(12.5);
 * console.log(video.mode, shown.index, shown.frame?.native);
 * await video.close();
 * ```
 * @throws MillraceError UNSUPPORTED or MISSING_DEPENDENCY when the browser does not decode it and there is no `stillUrl`;
 * CORRUPT_INPUT, NOT_FOUND or REMOTE_FAILED when it cannot be read
 */
export async function openVideo(
  url: string | URL,
  options: OpenBrowserVideoOptions = {},
): Promise<BrowserVideo> {
  const { stillUrl, signal } = options;
  const request = options.fetch ?? ((...args: Parameters<typeof fetch>) => fetch(...args));
  const web = { fetch: request, headers: options.headers ?? {} };
  const name = redactUrl(String(url));
  const openBytes = (): Promise<ByteSource> =>
    httpBytes(url, { ...web, ...(signal && { signal }) });
  const cache = byteCache<CachedEntry>(options.cacheBytes ?? CACHE_BYTES, releaseEntry);
  const backend = webCodecsDecoder(options);
  const { index, warnings, source } = await openIndex(openBytes, options, web);
  try {
    const refusal = await whyNotDecoded(index, backend, options);
    signal?.throwIfAborted();
    if (refusal !== undefined && stillUrl === undefined) throw refusal;
    const mode = refusal === undefined ? "webcodecs" : "stills";
    let store: FrameStore;
    let bytes = source;
    if (refusal === undefined) {
      bytes ??= await openBytes();
      store = frameStore({
        source: bytes,
        index,
        backend,
        cache,
        pool: decoderPool(options.decoders ?? DECODERS),
        cachePrefix: PREFIX,
        threads: 1,
      });
    } else {
      await source?.close();
      const wanted = { name, index, stillUrl: stillUrl as StillUrl, cache, cachePrefix: PREFIX };
      store = stillStore({ ...wanted, ...web });
    }
    const close = async (): Promise<void> => {
      await store[Symbol.asyncDispose]();
      cache.drop("");
      await bytes?.close();
    };
    const still = `${PREFIX}still:`;
    const video = videoOver({
      name,
      store,
      warnings,
      cache,
      cachePrefix: still,
      encode: canvasStill,
      // A hand on a slider comes back to frames near by, and the browser has them anyway.
      keepsPassed: mode === "webcodecs",
      close,
      // Its frames are the browser's, since what decodes and fetches them makes no others.
    }) as BrowserVideo;
    const draw = latestDrawing(video);
    return Object.create(video, { mode: { value: mode }, draw: { value: draw } });
  } catch (error) {
    await source?.close();
    throw error;
  }
}

async function openIndex(
  openBytes: () => Promise<ByteSource>,
  { index, track = 0, signal }: OpenBrowserVideoOptions,
  web: WebAccess,
): Promise<Opened> {
  if (index instanceof Uint8Array) return { ...decodeIndex(index), source: undefined };
  if (index !== undefined) {
    const answer = await getAnswer(index, web, signal);
    return { ...decodeIndex(new Uint8Array(await answer.arrayBuffer())), source: undefined };
  }
  const source = await openBytes();
  try {
    // A page that takes the index from a server does without what reads containers.
    const { readIndex } = await import("../index/read-index.ts");
    return { ...(await readIndex(source, track, signal && { signal })), source };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Why the browser cannot decode all of a video; undefined when it can. */
async function whyNotDecoded(
  { track }: VideoIndex,
  backend: ReturnType<typeof webCodecsDecoder>,
  { mode }: OpenBrowserVideoOptions,
): Promise<MillraceError | undefined> {
  if (mode === "stills") {
    return new MillraceError("INVALID_OPTION", 'With the mode "stills", give stillUrl.');
  }
  try {
    for (const config of track.configs) {
      const decoder = await backend.open(config, { timeBase: { num: 1, den: 1 } });
      await decoder.close();
    }
    return undefined;
  } catch (error) {
    const refused =
      MillraceError.is(error) && /^(UNSUPPORTED|MISSING_DEPENDENCY)$/.test(error.code);
    if (refused) return error;
    throw error;
  }
}
