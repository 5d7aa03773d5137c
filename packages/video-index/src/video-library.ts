import { MillraceError } from "@millrace/core";
import type { FrameScaler, ImageEncoder, VideoDecoderBackend } from "@millrace/media";
import { type ByteCacheStats, byteCache } from "./access/byte-cache.ts";
import { decoderPool } from "./access/decoder-pool.ts";
import { frameStore } from "./access/frame-store.ts";
import type { ByteSource } from "./bytes/byte-source.ts";
import { fileBytes } from "./bytes/file-bytes.ts";
import { type CachedEntry, releaseEntry } from "./cached-entry.ts";
import { checkSource, checkWhole } from "./check-request.ts";
import { type StillEncoder, stillEncoder } from "./encode-still.ts";
import type { FrameMappings } from "./index/import-mappings.ts";
import { loadIndex } from "./index/load-index.ts";
import type { Video } from "./video.ts";
import { installedDrivers, type OpenDrivers } from "./video-drivers.ts";
import { videoOver } from "./video-over.ts";

/** What {@link createVideoLibrary} takes. */
export interface VideoLibraryOptions {
  /** @defaultValue node-av where it is installed, else the `ffmpeg` command */
  readonly decoder?: VideoDecoderBackend;
  /** Makes JPEG and PNG; the first that writes a type is used. @defaultValue jpeg-turbo and sharp */
  readonly images?: readonly ImageEncoder[];
  /** Bytes of decoded frames and pictures that are kept, over all videos. @defaultValue 256 MiB */
  readonly cacheBytes?: number;
  /**
   * Decoders that are open at once, over all videos. While several videos are open no one of them takes them all, so
   * that with 2 or more a video whose reads hang does not stop the others. @defaultValue 4
   */
  readonly decoders?: number;
  /** Threads of each decoder. @defaultValue 1 */
  readonly threads?: number;
  /** A folder in which indexes are kept, so that a video that was indexed once opens in milliseconds. @defaultValue none */
  readonly indexFolder?: string;
}

/** What {@link VideoLibrary.open} may be told. */
export interface OpenOptions {
  /** Which of the video tracks, from 0. @defaultValue 0 */
  readonly track?: number;
  /**
   * Frames as another tool has listed them, in place of what the container says: the JSON of `ffprobe -show_packets`,
   * or custom frame mappings of torchcodec.
   */
  readonly mappings?: FrameMappings;
  readonly signal?: AbortSignal;
}

/** Open videos that share decoders and a cache. */
export interface VideoLibrary extends AsyncDisposable {
  /** Counters of the cache, over all videos. */
  readonly cache: ByteCacheStats;
  /** What makes tensors of frames, and scales them. */
  scaler(): Promise<FrameScaler>;
  /**
   * Opens a video and indexes it.
   *
   * @param source - a path, or bytes from anywhere, which the video takes over
   * @throws MillraceError UNSUPPORTED, CORRUPT_INPUT or NOT_FOUND when it is no video that can be read, INVALID_OPTION
   * when the source or the track is none that it can be
   */
  open(source: string | ByteSource, options?: OpenOptions): Promise<Video>;
  /** Closes all videos and what they share. */
  close(): Promise<void>;
}

const CACHE_BYTES = 256 * 2 ** 20;
const DECODERS = 4;

/**
 * Makes a library. Drivers that are not given are loaded when the first video is opened.
 *
 * @throws MillraceError INVALID_OPTION when a number is none that it can be
 * @example
 * ```ts
 * import { createVideoLibrary } from "@millrace/video-index";
 *
 * await using library = createVideoLibrary({ cacheBytes: 64 * 2 ** 20 });
 * await using video = await library.open("clip.mp4");
 * const still = await video.frameAtTime(0.5, { as: "jpeg", width: 96 });
 * console.log(still.index, still.image?.width); // 15 96
 * ```
 */
export function createVideoLibrary(options: VideoLibraryOptions = {}): VideoLibrary {
  const { cacheBytes = CACHE_BYTES, decoders = DECODERS, threads = 1 } = options;
  checkWhole("cacheBytes", cacheBytes, 0);
  checkWhole("decoders", decoders, 1);
  checkWhole("threads", threads, 0);
  const cache = byteCache<CachedEntry>(cacheBytes, releaseEntry);
  const pool = decoderPool(decoders);
  const videos = new Set<Video>();
  const opening = new Set<Promise<Video>>();
  let drivers: Promise<OpenDrivers> | undefined;
  let stills: StillEncoder | undefined = options.images && stillEncoder(options.images);
  let opened = 0;
  const ending = new AbortController();
  let closing: Promise<void> | undefined;

  const installed = (): Promise<OpenDrivers> => {
    drivers ??= installedDrivers();
    return drivers;
  };
  const openSource = async (
    source: ByteSource,
    { track = 0, ...load }: OpenOptions,
  ): Promise<Video> => {
    const backend = options.decoder ?? (await installed()).decoder;
    const { index, warnings, save } = await loadIndex(source, track, options.indexFolder, load);
    load.signal?.throwIfAborted();
    const prefix = `${opened++}:`;
    const store = frameStore({
      source,
      index,
      backend,
      cache,
      pool,
      cachePrefix: prefix,
      threads,
      onIndexChange: save,
    });
    const video = videoOver({
      name: source.name,
      store,
      warnings,
      cache,
      cachePrefix: `${prefix}still:`,
      async encode(...args) {
        stills ??= stillEncoder((await installed()).images);
        return stills(...args);
      },
      async close() {
        videos.delete(video);
        try {
          await store[Symbol.asyncDispose]();
        } finally {
          cache.drop(prefix);
          await source.close();
        }
      },
    });
    videos.add(video);
    return video;
  };
  const closeAll = async (): Promise<void> => {
    ending.abort(new MillraceError("CLOSED", "The video library is closed; make another."));
    // What is being opened closes its source itself.
    await Promise.allSettled(opening);
    try {
      await Promise.all([...videos].map((video) => video.close()));
    } finally {
      await (await drivers?.catch(() => undefined))?.[Symbol.asyncDispose]();
    }
  };
  const close = (): Promise<void> => {
    closing ??= closeAll();
    return closing;
  };
  const openAny = async (source: string | ByteSource, told: OpenOptions): Promise<Video> => {
    checkSource(source);
    const bytes = typeof source === "string" ? await fileBytes(source) : source;
    try {
      checkWhole("track", told.track, 0);
      told.signal?.throwIfAborted();
      return await openSource(bytes, told);
    } catch (error) {
      await bytes.close();
      throw error;
    }
  };
  return {
    get cache() {
      return cache.stats;
    },
    scaler: async () => (await installed()).scaler,
    async open(source, openOptions = {}) {
      const signals = [openOptions.signal, ending.signal].filter((one) => one !== undefined);
      const coming = openAny(source, { ...openOptions, signal: AbortSignal.any(signals) });
      opening.add(coming);
      try {
        return await coming;
      } finally {
        opening.delete(coming);
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
