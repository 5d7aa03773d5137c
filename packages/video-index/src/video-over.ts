import { relabelFrame, ticksToMicroseconds, type VideoFrame } from "@millrace/media";
import { accessWatcher } from "./access/access-pattern.ts";
import { type AheadPlan, aheadPlanner } from "./access/ahead-planner.ts";
import type { ByteCache } from "./access/byte-cache.ts";
import type { FrameStore } from "./access/frame-store.ts";
import type { StoredFrame } from "./access/stored-frame.ts";
import type { CachedEntry, CachedStill } from "./cached-entry.ts";
import { checkFrame, checkRange, checkRequest, checkTime, checkWhole } from "./check-request.ts";
import type { StillEncoder } from "./encode-still.ts";
import { frameInfo } from "./index/frame-info.ts";
import {
  findFrame,
  frameDuration,
  framePts,
  nearestKey,
  type TimeRule,
  type VideoIndex,
} from "./index/video-index.ts";
import type {
  FrameRange,
  FrameRequest,
  RawFrame,
  StillFrame,
  StillRequest,
  Video,
} from "./video.ts";
import { videoInfo } from "./video-info.ts";

/** What {@link videoOver} is made of. */
export interface VideoParts {
  readonly name: string;
  readonly store: FrameStore;
  readonly warnings: readonly string[];
  readonly cache: ByteCache<CachedEntry>;
  /** What the keys of this video's pictures begin with. */
  readonly cachePrefix: string;
  readonly encode: StillEncoder;
  /**
   * Keep frames that are decoded on the way to one that was asked for out of order: worth it where keeping takes no copy.
   *
   * @defaultValue false
   */
  readonly keepsPassed?: boolean;
  readonly close: () => Promise<void>;
}

/** Frames that an iteration asks for at once. */
const AHEAD = 16;

/** The video whose frames a store gives. */
export function videoOver({
  store,
  cache,
  cachePrefix,
  encode,
  close,
  ...parts
}: VideoParts): Video {
  const watcher = accessWatcher();
  const ahead = aheadPlanner(cache.stats.maxBytes, parts.keepsPassed);
  let requests = 0;
  let hits = 0;
  let closing: Promise<void> | undefined;

  /** What to fetch beside a frame that was asked for by itself; what was fetched for another pattern is given up. */
  const planAhead = (frame: number): AheadPlan => {
    const pattern = watcher.observe(frame);
    const plan = ahead.plan(store.index, frame, pattern, store.has(frame));
    if (pattern.kind === "random") store.stopAhead([frame, ...plan.ahead]);
    return plan;
  };

  /** @param steady - whether it is one of a series that is known, and need not be guessed */
  const fetch = async (
    frame: number,
    request: FrameRequest,
    steady?: boolean,
  ): Promise<RawFrame> => {
    const startedMs = performance.now();
    requests += 1;
    const { signal } = request;
    const plan = steady === undefined ? planAhead(frame) : { goOn: steady, ahead: [] };
    const stored = await store.fetch(frame, { ...plan, ...(signal && { signal }) });
    if (stored.source === "cache") hits += 1;
    return rawFrame(store.index, frame, stored, startedMs);
  };

  const still = async (
    frame: number,
    request: StillRequest,
    steady?: boolean,
  ): Promise<StillFrame> => {
    const startedMs = performance.now();
    const { as, signal, ...size } = request;
    signal?.throwIfAborted();
    const { quality, width, height, roi } = size;
    const look = [as, quality, width, height, roi && Object.values(roi)].join();
    const key = `${cachePrefix}${frame}:${look}`;
    const found = cache.has(key) ? (cache.get(key) as CachedStill) : undefined;
    if (found !== undefined) {
      requests += 1;
      hits += 1;
      const { image, status, exactness } = found;
      const timing = {
        queueMs: 0,
        decodeMs: 0,
        encodeMs: 0,
        totalMs: performance.now() - startedMs,
      };
      return {
        ...frameInfo(store.index, frame),
        exactness,
        source: "cache",
        timing,
        status,
        image,
      };
    }
    using raw = await fetch(frame, request, steady);
    const { frame: pixels, status, [Symbol.dispose]: __, ...info } = raw;
    if (pixels === undefined) return { ...info, status: "missing", image: undefined };
    const encodeFrom = performance.now();
    const image = await encode(pixels, as === "png" ? "image/png" : "image/jpeg", {
      ...size,
      ...(signal && { signal }),
    });
    const nowMs = performance.now();
    const timing = { ...info.timing, encodeMs: nowMs - encodeFrom, totalMs: nowMs - startedMs };
    const told = status as "ok" | "concealed";
    const cached = { image, status: told, exactness: info.exactness };
    // As dear as a few frames: encoding takes about as long as decoding them.
    if (closing === undefined)
      cache.set(key, cached, { sizeBytes: image.data.length, cost: STILL_COST });
    return { ...info, status: told, timing, image };
  };

  // One function behind the overloads of `Video`: what it gives is what `as` asks for.
  // biome-ignore lint/suspicious/noExplicitAny: the overloads say which of both it is
  const get = async (frame: number, request: FrameRequest = {}, steady?: boolean): Promise<any> => {
    checkFrame(frame);
    checkRequest(request);
    return isStill(request) ? still(frame, request, steady) : fetch(frame, request, steady);
  };

  async function* iterate(range: FrameRange = {}, request: FrameRequest = {}) {
    checkRange(range);
    const frames = [...framesOf(range, store.index.frameCount)];
    const forwards = (range.stride ?? 1) > 0;
    for (let at = 0; at < frames.length; at += AHEAD) {
      const batch = frames.slice(at, at + AHEAD).map((frame) => get(frame, request, forwards));
      // One may fail before its turn, while the receiver works on another.
      for (const one of batch) one.catch(() => {});
      let given = 0;
      try {
        for (const result of batch) {
          const ready = await result;
          given += 1;
          yield ready;
        }
      } finally {
        // Whoever stops in the middle leaves the rest to be closed here.
        for (const rest of batch.slice(given)) rest.then(closeResult, () => {});
      }
    }
  }

  const getAll = async (frames: readonly number[], request: FrameRequest = {}) => {
    const all = await Promise.allSettled(frames.map((frame) => get(frame, request, false)));
    const failed = all.find((result) => result.status === "rejected");
    if (failed === undefined) {
      return all.map((result) => (result as PromiseFulfilledResult<RawFrame & StillFrame>).value);
    }
    for (const result of all) if (result.status === "fulfilled") closeResult(result.value);
    throw failed.reason;
  };

  const closeOnce = (): Promise<void> => {
    closing ??= close();
    return closing;
  };

  return {
    get info() {
      return videoInfo(parts.name, store.index, parts.warnings);
    },
    get index() {
      return store.index;
    },
    index$: store.index$,
    get stats() {
      return { ...store.stats, requests, hits };
    },
    frameAt: get,
    frameAtTime: async (seconds: number, request: FrameRequest & { rule?: TimeRule } = {}) => {
      const { rule = "at-or-before", ...rest } = request;
      checkTime(seconds);
      return get(findFrame(store.index, seconds, rule), rest);
    },
    framesAt: getAll,
    frames: iterate,
    thumbnails: async (count, request = {}) => {
      checkWhole("The number of thumbnails", count, 0);
      const keys = keyFrames(store.index);
      const wanted = Math.min(count, keys.length);
      const picked = Array.from(
        { length: wanted },
        (_, at) => keys[Math.floor(((at + 0.5) * keys.length) / wanted)] as number,
      );
      return getAll(picked, { as: "jpeg", width: THUMBNAIL_WIDTH, ...request } as StillRequest);
    },
    nearestKey: (seconds) =>
      nearestKey(store.index, findFrame(store.index, seconds, "at-or-before")),
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  };
}

const STILL_COST = 4;
const THUMBNAIL_WIDTH = 160;

function isStill(request: FrameRequest): request is StillRequest {
  return "as" in request;
}

function closeResult(result: Partial<Disposable>): void {
  result[Symbol.dispose]?.();
}

/** The numbers of the frames at which decoding may begin. */
function keyFrames({ keys, frameOf }: VideoIndex): readonly number[] {
  const frames = [...keys].map((packet) => frameOf[packet] as number).filter((frame) => frame >= 0);
  return frames.length > 0 ? frames : [0];
}

function* framesOf({ from = 0, to, stride = 1 }: FrameRange, count: number): Generator<number> {
  const end = Math.min(to ?? count, count);
  if (stride > 0) for (let frame = from; frame < end; frame += stride) yield frame;
  else for (let frame = end - 1; frame >= from; frame += stride) yield frame;
}

function rawFrame(
  index: VideoIndex,
  frame: number,
  { exactness, source, status, timing, frame: stored }: StoredFrame,
  startedMs: number,
): RawFrame {
  const own = stored && relabelled(stored, index, frame);
  const info = {
    ...frameInfo(index, frame),
    exactness,
    source,
    timing: { ...timing, encodeMs: 0, totalMs: performance.now() - startedMs },
    [Symbol.dispose]: () => own?.close(),
  };
  return own === undefined || status === "missing"
    ? { ...info, status: "missing", frame: undefined }
    : { ...info, status, frame: own };
}

/** The same frame with the times and the shape that the container gives it. */
function relabelled(stored: VideoFrame, index: VideoIndex, frame: number): VideoFrame {
  const { timeBase, rotation, displayWidth, displayHeight, configs, colorSpace } = index.track;
  const [config] = configs;
  const pts = framePts(index, frame);
  const asIndexed =
    stored.codedWidth === config?.codedWidth && stored.codedHeight === config.codedHeight;
  return relabelFrame(stored, {
    pts,
    timeBase,
    timestamp: ticksToMicroseconds(pts, timeBase),
    duration: ticksToMicroseconds(frameDuration(index, frame), timeBase),
    rotation,
    colorSpace: { ...stored.colorSpace, ...colorSpace },
    ...(asIndexed && { displayWidth, displayHeight }),
  });
}
