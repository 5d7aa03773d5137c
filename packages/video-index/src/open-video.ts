import { MillraceError } from "@millrace/core";
import {
  type ImageEncoder,
  relabelFrame,
  ticksToMicroseconds,
  ticksToSeconds,
  type VideoDecoderBackend,
  type VideoFrame,
} from "@millrace/media";
import { byteCache } from "./access/byte-cache.ts";
import { type CachedFrame, frameStore, type StoredFrame } from "./access/frame-store.ts";
import type { ByteSource } from "./bytes/byte-source.ts";
import { fileBytes } from "./bytes/file-bytes.ts";
import { readContainer } from "./container/read-container.ts";
import {
  findFrame,
  frameDuration,
  framePts,
  nearestKey,
  type TimeRule,
  type VideoIndex,
  videoIndex,
} from "./index/video-index.ts";
import type {
  FrameRange,
  FrameRequest,
  RawFrame,
  StillFrame,
  StillRequest,
  Video,
  VideoInfo,
} from "./video.ts";

/** What {@link openVideo} takes. */
export interface OpenVideoOptions {
  readonly decoder: VideoDecoderBackend;
  /** Makes JPEG and PNG. */
  readonly images?: ImageEncoder;
  /** Which of the video tracks, from 0. @defaultValue 0 */
  readonly track?: number;
  /** Bytes of decoded frames and pictures that are kept. @defaultValue 256 MiB */
  readonly cacheBytes?: number;
  /** Decoders at once. @defaultValue 2 */
  readonly decoders?: number;
  /** Threads of each. @defaultValue 1 */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

const CACHE_BYTES = 256 * 2 ** 20;
/** Frames that an iteration asks for at once. */
const AHEAD = 16;

/**
 * Opens a video and indexes it.
 *
 * @param source - a path, or bytes from anywhere, which the video takes over
 * @throws MillraceError UNSUPPORTED, CORRUPT_INPUT or NOT_FOUND when it is no video that can be read
 */
export async function openVideo(
  source: string | ByteSource,
  options: OpenVideoOptions,
): Promise<Video> {
  const bytes = typeof source === "string" ? await fileBytes(source) : source;
  try {
    return await openTrack(bytes, options);
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

async function openTrack(source: ByteSource, options: OpenVideoOptions): Promise<Video> {
  const { tracks, warnings } = await readContainer(source, options.signal);
  const track = tracks[options.track ?? 0];
  if (track === undefined) {
    throw new MillraceError(
      "NOT_FOUND",
      `${source.name} has no video track ${options.track}; it has ${tracks.length}.`,
    );
  }
  const cache = byteCache<CachedFrame>(options.cacheBytes ?? CACHE_BYTES, ({ frame }) =>
    frame?.close(),
  );
  const store = frameStore({
    source,
    index: videoIndex(track),
    backend: options.decoder,
    cache,
    cachePrefix: "",
    decoders: options.decoders ?? 2,
    threads: options.threads ?? 1,
  });
  let requests = 0;
  let hits = 0;

  const fetch = async (frame: number, request: FrameRequest, goOn: boolean): Promise<RawFrame> => {
    const started = performance.now();
    requests += 1;
    const { signal } = request;
    const stored = await store.fetch(frame, { goOn, ...(signal && { signal }) });
    if (stored.source === "cache") hits += 1;
    return rawFrame(store.index, frame, stored, performance.now() - started);
  };
  const still = async (
    frame: number,
    request: StillRequest,
    goOn: boolean,
  ): Promise<StillFrame> => {
    const { images } = options;
    const type = request.as === "png" ? "image/png" : "image/jpeg";
    if (images === undefined || !images.types.includes(type)) {
      throw new MillraceError(
        "INVALID_OPTION",
        `No encoder for ${type} was given to openVideo: pass \`images\`.`,
      );
    }
    const { as: _, ...size } = request;
    using raw = await fetch(frame, request, goOn);
    const { frame: pixels, status, [Symbol.dispose]: __, ...info } = raw;
    if (pixels === undefined) return { ...info, status: "missing", image: undefined };
    const started = performance.now();
    const image = await images.encode(pixels, { ...size, type });
    const encodeMs = performance.now() - started;
    const timing = { ...info.timing, encodeMs, totalMs: info.timing.totalMs + encodeMs };
    return { ...info, status: status as "ok" | "concealed", timing, image };
  };
  const isStill = (request: FrameRequest): request is StillRequest => "as" in request;
  // One function behind the overloads of `Video`: what it gives is what `as` asks for.
  // biome-ignore lint/suspicious/noExplicitAny: the overloads say which of both it is
  const get = (frame: number, request: FrameRequest = {}, goOn = false): Promise<any> =>
    isStill(request) ? still(frame, request, goOn) : fetch(frame, request, goOn);

  // biome-ignore lint/suspicious/noExplicitAny: as above
  async function* iterate(
    range: FrameRange = {},
    request: FrameRequest = {},
  ): AsyncGenerator<any, void> {
    const frames = [...framesOf(range, store.index.frameCount)];
    const goOn = (range.stride ?? 1) > 0;
    for (let at = 0; at < frames.length; at += AHEAD) {
      const batch = frames.slice(at, at + AHEAD).map((frame) => get(frame, request, goOn));
      let given = 0;
      try {
        for (const result of batch) {
          const ready = await result;
          given += 1;
          yield ready;
        }
      } finally {
        for (const rest of batch.slice(given)) {
          rest.then(closeFrame, () => {});
        }
      }
    }
  }

  const close = async (): Promise<void> => {
    await store[Symbol.asyncDispose]();
    await source.close();
  };
  return {
    info: videoInfo(source.name, store.index, warnings),
    get index() {
      return store.index;
    },
    get stats() {
      return { ...store.stats, requests, hits };
    },
    frameAt: get,
    frameAtTime: async (seconds: number, request: FrameRequest & { rule?: TimeRule } = {}) => {
      const { rule = "at-or-before", ...rest } = request;
      return get(findFrame(store.index, seconds, rule), rest);
    },
    framesAt: async (frames: readonly number[], request: FrameRequest = {}) => {
      const all = await Promise.allSettled(frames.map((frame) => get(frame, request)));
      const failed = all.find((result) => result.status === "rejected");
      if (failed === undefined)
        return all.map((result) => (result as PromiseFulfilledResult<RawFrame & StillFrame>).value);
      for (const result of all) if (result.status === "fulfilled") closeFrame(result.value);
      throw failed.reason;
    },
    frames: iterate,
    nearestKey: (seconds) =>
      nearestKey(store.index, findFrame(store.index, seconds, "at-or-before")),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function closeFrame(result: Partial<Disposable>): void {
  result[Symbol.dispose]?.();
}

function* framesOf({ from = 0, to, stride = 1 }: FrameRange, count: number): Generator<number> {
  if (!Number.isInteger(stride) || stride === 0) {
    throw new MillraceError(
      "INVALID_OPTION",
      `stride must be a whole number other than 0; it is ${stride}.`,
    );
  }
  const end = Math.min(to ?? count, count);
  if (stride > 0) for (let frame = from; frame < end; frame += stride) yield frame;
  else for (let frame = end - 1; frame >= from; frame += stride) yield frame;
}

function rawFrame(
  index: VideoIndex,
  frame: number,
  stored: StoredFrame,
  totalMs: number,
): RawFrame {
  const { timeBase, packets } = index.track;
  const pts = framePts(index, frame);
  const duration = frameDuration(index, frame);
  const own = stored.frame && retimed(stored.frame, index, pts, duration);
  const packet = index.packetOf[frame] as number;
  const info = {
    index: frame,
    pts,
    time: ticksToSeconds(pts, timeBase),
    duration: ticksToSeconds(duration, timeBase),
    key: ((packets.flags[packet] as number) & 1) !== 0,
    exactness: stored.exactness,
    source: stored.source,
    timing: { ...stored.timing, encodeMs: 0, totalMs },
    [Symbol.dispose]: () => own?.close(),
  };
  return own === undefined || stored.status === "missing"
    ? { ...info, status: "missing", frame: undefined }
    : { ...info, status: stored.status, frame: own };
}

/** The same frame with the times and the shape that the container gives it. */
function retimed(frame: VideoFrame, index: VideoIndex, pts: number, duration: number): VideoFrame {
  const { timeBase, rotation, displayWidth, displayHeight, configs, colorSpace } = index.track;
  const config = configs[0];
  const asIndexed =
    frame.codedWidth === config?.codedWidth && frame.codedHeight === config.codedHeight;
  return relabelFrame(frame, {
    pts,
    timeBase,
    timestamp: ticksToMicroseconds(pts, timeBase),
    duration: ticksToMicroseconds(duration, timeBase),
    rotation,
    colorSpace: { ...frame.colorSpace, ...colorSpace },
    ...(asIndexed && { displayWidth, displayHeight }),
  });
}

function videoInfo(name: string, index: VideoIndex, warnings: readonly string[]): VideoInfo {
  const { track, frameCount, duration, keys } = index;
  const config = track.configs[0];
  const turned = track.rotation === 90 || track.rotation === 270;
  return {
    name,
    container: track.container,
    codec: config?.family ?? "h264",
    codecString: config?.codec ?? "",
    codedWidth: config?.codedWidth ?? 0,
    codedHeight: config?.codedHeight ?? 0,
    displayWidth: turned ? track.displayHeight : track.displayWidth,
    displayHeight: turned ? track.displayWidth : track.displayHeight,
    rotation: track.rotation,
    frameCount,
    keyFrameCount: keys.length,
    fps: duration > 0 ? frameCount / duration : 0,
    duration,
    startTime: frameCount > 0 ? ticksToSeconds(framePts(index, 0), track.timeBase) : 0,
    warnings,
  };
}
