import { redactUrl } from "@millrace/core/web";
import { byteCache } from "../access/byte-cache.ts";
import type { ByteSource } from "../bytes/byte-source.ts";
import { httpBytes } from "../bytes/http-bytes.ts";
import { type CachedEntry, releaseEntry } from "../cached-entry.ts";
import { decodeIndex } from "../index/index-bytes.ts";
import type { VideoIndex } from "../index/video-index.ts";
import { videoOver } from "../video-over.ts";
import type { BrowserVideo } from "./browser-video.ts";
import { canvasStill } from "./canvas-still.ts";
import { chooseFrames } from "./choose-frames.ts";
import { getAnswer, type WebAccess } from "./get-answer.ts";
import { latestDrawing } from "./latest-drawing.ts";
import type { StillUrl } from "./still-store.ts";
import { type WebCodecsDecoderOptions, webCodecsDecoder } from "./web-codecs-decoder.ts";

/** What {@link openVideo} may be told. */
export interface OpenBrowserVideoOptions extends WebCodecsDecoderOptions {
  /**
   * The index as `encodeIndex` writes it, or where it is: of the same bytes as the video. Without it the container is
   * read: the tables of MP4 and MOV, and all others from end to end.
   */
  readonly index?: Uint8Array | string | URL;
  /**
   * Where a server has the picture of a frame. Used for all of them where the browser does not decode the video, or
   * would have to begin far back for most frames (H.264 whose key frames are not IDR); `mode` is then `"stills"`. Else
   * used for single frames that the browser cannot decode.
   */
  readonly stillUrl?: StillUrl;
  /**
   * `"stills"` does without WebCodecs also where it is there; `"webcodecs"` refuses where it cannot decode.
   *
   * @defaultValue whatever shows frames sooner, as far as that can be told
   */
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
  const { signal } = options;
  const request = options.fetch ?? ((...args: Parameters<typeof fetch>) => fetch(...args));
  const web = { fetch: request, headers: options.headers ?? {} };
  const name = redactUrl(String(url));
  const cache = byteCache<CachedEntry>(options.cacheBytes ?? CACHE_BYTES, releaseEntry);
  let opening: Promise<ByteSource> | undefined;
  const bytes = (): Promise<ByteSource> => {
    opening ??= httpBytes(url, { ...web, ...(signal && { signal }) });
    return opening;
  };
  const closeBytes = async (): Promise<void> => {
    // Where it failed, there is nothing to be closed.
    await (await opening?.catch(() => undefined))?.close();
  };
  try {
    const { index, warnings } = await openIndex(bytes, options, web);
    const { mode, store } = await chooseFrames({
      name,
      index,
      bytes,
      backend: webCodecsDecoder(options),
      stillUrl: options.stillUrl,
      mode: options.mode,
      web,
      cache,
      decoders: options.decoders ?? DECODERS,
      signal,
    });
    if (mode === "stills") await closeBytes();
    const close = async (): Promise<void> => {
      await store[Symbol.asyncDispose]();
      cache.drop("");
      await closeBytes();
    };
    const video = videoOver({
      name,
      store,
      warnings,
      cache,
      cachePrefix: "encoded:",
      encode: canvasStill,
      // A hand on a slider comes back to frames near by, and the browser has them anyway.
      keepsPassed: mode === "webcodecs",
      close,
      // Its frames are the browser's, since what decodes and fetches them makes no others.
    }) as BrowserVideo;
    const draw = latestDrawing(video);
    return Object.create(video, { mode: { value: mode }, draw: { value: draw } });
  } catch (error) {
    await closeBytes();
    throw error;
  }
}

async function openIndex(
  bytes: () => Promise<ByteSource>,
  { index, track = 0, signal }: OpenBrowserVideoOptions,
  web: WebAccess,
): Promise<{ readonly index: VideoIndex; readonly warnings: readonly string[] }> {
  if (index instanceof Uint8Array) return decodeIndex(index);
  if (index !== undefined) {
    const answer = await getAnswer(index, web, signal);
    return decodeIndex(new Uint8Array(await answer.arrayBuffer()));
  }
  // A page that takes the index from a server does without what reads containers.
  const [source, { readIndex }] = await Promise.all([bytes(), import("../index/read-index.ts")]);
  return await readIndex(source, track, signal && { signal });
}
