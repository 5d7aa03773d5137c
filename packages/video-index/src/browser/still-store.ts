import { abortable, MillraceError, redactUrl } from "@millrace/core/web";
import { ticksToSeconds } from "@millrace/media";
import { of } from "rxjs";
import type { FrameStore } from "../access/frame-store.ts";
import { layoutBytes } from "../access/layout-bytes.ts";
import type { CachedFrame, FrameCache, StoredFrame } from "../access/stored-frame.ts";
import { PacketFlag } from "../container/packet-table.ts";
import { framePts, type VideoIndex } from "../index/video-index.ts";
import { stillBrowserFrame } from "./browser-frame.ts";
import { getAnswer, type WebAccess } from "./get-answer.ts";
import type { WebImageBitmap } from "./web-codecs-library.ts";

/** The frame whose picture is wanted. */
export interface WantedStill {
  /** When it is shown, in seconds on the track's clock. */
  readonly time: number;
  /** The same in ticks of the track. */
  readonly pts: number;
}

/** Where a server has the picture of a frame: any format that the browser shows, the right way up. */
export type StillUrl = (frame: number, wanted: WantedStill) => string | URL;

/** What {@link stillStore} takes. */
export interface StillStoreOptions extends WebAccess {
  /** The video, for messages. */
  readonly name: string;
  readonly index: VideoIndex;
  readonly stillUrl: StillUrl;
  readonly cache: FrameCache;
  /** What the keys of this video begin with in the cache. */
  readonly cachePrefix: string;
}

/** A picture on its way, and how many wait for it. */
interface Coming {
  readonly controller: AbortController;
  readonly picture: Promise<CachedFrame>;
  waiters: number;
}

/** The frames of one video as pictures from a server. One request a picture, and none ahead. */
export function stillStore(options: StillStoreOptions): FrameStore {
  const { name, index, cache, cachePrefix } = options;
  const coming = new Map<number, Coming>();
  let closed = false;
  const closing = new AbortController();

  const load = async (frame: number, packet: number, signal: AbortSignal): Promise<CachedFrame> => {
    const { timeBase, packets } = index.track;
    const pts = framePts(index, frame);
    const url = options.stillUrl(frame, { time: ticksToSeconds(pts, timeBase), pts });
    const native = await loadPicture(url, signal, options);
    const estimated = ((packets.flags[packet] as number) & PacketFlag.estimated) !== 0;
    const picture: CachedFrame = {
      frame: stillBrowserFrame(native, { pts, timeBase }),
      status: "ok",
      exactness: estimated ? "estimated" : "indexed",
      ahead: false,
    };
    if (!signal.aborted) return picture;
    picture.frame?.close();
    throw signal.reason;
  };

  const start = (frame: number, packet: number): Coming => {
    const controller = new AbortController();
    const signal = AbortSignal.any([controller.signal, closing.signal]);
    const made: Coming = { controller, picture: load(frame, packet, signal), waiters: 0 };
    coming.set(packet, made);
    made.picture.then(
      (picture) => {
        leave(packet, made);
        // Behind those who waited: each has a clone before the cache takes the frame, which it may not keep.
        queueMicrotask(() => keep(packet, picture));
      },
      () => leave(packet, made),
    );
    return made;
  };

  const cached = (packet: number): CachedFrame | undefined =>
    cache.get(`${cachePrefix}${packet}`) as CachedFrame | undefined;

  return {
    index,
    index$: of(index),
    has: (frame) => cache.has(`${cachePrefix}${index.packetOf[frame]}`),
    stats: { decodedPackets: 0, runs: 0, prefetched: 0, prefetchedUsed: 0 },
    async fetch(frame, { signal } = {}): Promise<StoredFrame> {
      signal?.throwIfAborted();
      if (closed) throw new MillraceError("CLOSED", `${name} is closed.`);
      const packet = index.packetOf[frame];
      if (packet === undefined) {
        throw new MillraceError(
          "NOT_FOUND",
          `${name} has no frame ${frame}; its frames are 0 to ${index.frameCount - 1}.`,
        );
      }
      const startedMs = performance.now();
      const found = cached(packet);
      if (found !== undefined) return stored(found, "cache", 0);
      const mine = coming.get(packet) ?? start(frame, packet);
      mine.waiters += 1;
      const taken = mine.picture.then((picture) =>
        stored(picture, "decode", performance.now() - startedMs),
      );
      if (signal === undefined) return await taken;
      try {
        return await abortable(taken, signal);
      } catch (error) {
        if (signal.aborted) {
          mine.waiters -= 1;
          if (mine.waiters === 0) {
            leave(packet, mine);
            mine.controller.abort(signal.reason);
          }
          taken.then((late) => late.frame?.close()).catch(() => {});
        }
        throw error;
      }
    },
    stopAhead() {},
    async [Symbol.asyncDispose]() {
      closed = true;
      closing.abort(new MillraceError("CLOSED", `${name} was closed while a picture was awaited.`));
      await Promise.allSettled([...coming.values()].map(({ picture }) => picture));
      cache.drop(cachePrefix);
    },
  };

  function leave(packet: number, one: Coming): void {
    if (coming.get(packet) === one) coming.delete(packet);
  }

  function keep(packet: number, picture: CachedFrame): void {
    const { frame } = picture;
    if (closed || frame === undefined) frame?.close();
    else cache.set(`${cachePrefix}${packet}`, picture, { sizeBytes: layoutBytes(frame), cost: 1 });
  }
}

function stored(
  { frame, status, exactness }: CachedFrame,
  source: StoredFrame["source"],
  decodeMs: number,
): StoredFrame {
  return { frame: frame?.clone(), status, exactness, source, timing: { queueMs: 0, decodeMs } };
}

async function loadPicture(
  url: string | URL,
  signal: AbortSignal,
  web: WebAccess,
): Promise<WebImageBitmap> {
  const answer = await getAnswer(url, web, signal);
  const blob = await answer.blob();
  const { createImageBitmap } = globalThis as unknown as {
    createImageBitmap(blob: Blob): Promise<WebImageBitmap>;
  };
  return await createImageBitmap(blob).catch((cause: unknown) => {
    throw new MillraceError(
      "CORRUPT_INPUT",
      `${redactUrl(String(url))} is no picture that the browser shows.`,
      {
        cause,
      },
    );
  });
}
