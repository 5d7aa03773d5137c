import { abortable, MillraceError } from "@millrace/core/web";
import type { VideoDecoderBackend, VideoDecoderConfig } from "@millrace/media";
import { BehaviorSubject, type Observable } from "rxjs";
import { type RandomAccess, randomAccessOf } from "../bitstream/random-access.ts";
import type { ByteSource } from "../bytes/byte-source.ts";
import { PacketFlag } from "../container/packet-table.ts";
import { decodeStart, type VideoIndex } from "../index/video-index.ts";
import { withoutKey, withPreroll } from "../index/without-key.ts";
import { type DecodeRun, planRuns } from "./decode-plan.ts";
import type { DecoderPool } from "./decoder-pool.ts";
import { layoutBytes } from "./layout-bytes.ts";
import { type RunDecoder, runDecoder } from "./run-decoder.ts";
import type { CachedFrame, FetchOptions, FrameCache, StoredFrame } from "./stored-frame.ts";

/** What a store has done so far. */
export interface FrameStoreStats {
  /** Packets that were decoded. */
  readonly decodedPackets: number;
  /** Runs of packets from a key packet on. */
  readonly runs: number;
  /** Frames that were put into the cache for nobody yet, and those of them that somebody asked for. */
  readonly prefetched: number;
  readonly prefetchedUsed: number;
}

/** The frames of one video: from the cache, or decoded, each at most once at a time however many wait for it. */
export interface FrameStore extends AsyncDisposable {
  readonly index: VideoIndex;
  /** The index as it is, and then each better one. */
  readonly index$: Observable<VideoIndex>;
  readonly stats: FrameStoreStats;
  /** Rejects with the signal's reason; what nobody waits for any more is not decoded. */
  fetch(frame: number, options?: FetchOptions): Promise<StoredFrame>;
  /** Whether a frame is in the cache. */
  has(frame: number): boolean;
  /** Gives up what is being fetched ahead, apart from frames that are wanted still. */
  stopAhead(wanted: readonly number[]): void;
}

/** What {@link frameStore} takes. */
export interface FrameStoreOptions {
  readonly source: ByteSource;
  readonly index: VideoIndex;
  readonly backend: VideoDecoderBackend;
  readonly cache: FrameCache;
  readonly pool: DecoderPool;
  /** What the keys of this video begin with in the cache. */
  readonly cachePrefix: string;
  /** Threads of each decoder. */
  readonly threads: number;
  /** Called when a look into the bitstream changed the index. */
  onIndexChange?(index: VideoIndex): void;
}

interface Waiter {
  readonly since: number;
  readonly resolve: (stored: StoredFrame) => void;
  readonly reject: (error: unknown) => void;
}

/** A packet that somebody waits for. */
interface Wanted {
  readonly packet: number;
  readonly waiters: Set<Waiter>;
  goOn: boolean;
  /** Wanted even while nobody waits. */
  ahead: boolean;
  /** The run that it is part of. */
  run: ActiveRun | undefined;
}

interface ActiveRun {
  readonly controller: AbortController;
  readonly startedAt: number;
  readonly run: DecodeRun;
  /** Whether its decoder can be left where it goes on. */
  readonly goOn: boolean;
  /** Packets that somebody still waits for. */
  readonly open: Set<number>;
}

/** Bytes that a frame which is not there counts for in the cache. */
const NEGATIVE_BYTES = 256;

/** Makes the store of one video. */
export function frameStore(options: FrameStoreOptions): FrameStore {
  const { source, backend, cache, cachePrefix } = options;
  let { index } = options;
  const { packets, configs } = index.track;
  const wanted = new Map<number, Wanted>();
  const index$ = new BehaviorSubject(index);
  const owner = {};
  const busy = new Set<Promise<void>>();
  const activeRuns = new Set<ActiveRun>();
  const confirmed = new Set<number>();
  let decodedPackets = 0;
  let runs = 0;
  let prefetched = 0;
  let prefetchedUsed = 0;
  let pumping = false;
  let closed = false;

  const settle = (
    packet: number,
    found: Omit<CachedFrame, "ahead">,
    startedAt: number,
    start: number,
  ): void => {
    const want = wanted.get(packet);
    wanted.delete(packet);
    want?.run?.open.delete(packet);
    const now = performance.now();
    const cached = { ...found, ahead: want === undefined || want.waiters.size === 0 };
    if (cached.ahead) prefetched += 1;
    for (const { since, resolve } of want?.waiters ?? []) {
      const frame = cached.frame?.clone();
      const timing = {
        queueMs: Math.max(0, startedAt - since),
        decodeMs: now - Math.max(startedAt, since),
      };
      resolve({ ...found, frame, source: "decode", timing });
    }
    const sizeBytes = cached.frame === undefined ? NEGATIVE_BYTES : layoutBytes(cached.frame);
    cache.set(`${cachePrefix}${packet}`, cached, { sizeBytes, cost: packet - start + 1 });
  };

  const fail = (packetsOfRun: Iterable<number>, error: unknown): void => {
    for (const packet of packetsOfRun) {
      const want = wanted.get(packet);
      wanted.delete(packet);
      for (const { reject } of want?.waiters ?? []) reject(error);
    }
  };

  const mayBegin = (packet: number, data: Uint8Array): boolean => {
    if (confirmed.has(packet)) return true;
    // Where no key packet is, decoding begins at the first one of all and gives what it gives; and a run may have
    // been planned from one that another run has found to be none.
    if (!index.keys.includes(packet)) return decodeStart(index, packet) === packet;
    const config = configs[packets.config[packet] as number];
    const found = config === undefined ? undefined : entryOf(config, data);
    if (found !== undefined && found.kind !== "none") confirmed.add(packet);
    if (found?.kind === "closed" || found?.kind === "open") return true;
    index =
      found?.kind === "gradual"
        ? withPreroll(index, packet, found.frames)
        : withoutKey(index, packet);
    index$.next(index);
    options.onIndexChange?.(index);
    return false;
  };

  /** What a packet is for this decoder, which may want more than the codec does. */
  const entryOf = (config: VideoDecoderConfig, data: Uint8Array): RandomAccess => {
    const found = randomAccessOf(config, data);
    const strict = backend.capabilities.closedOnly?.includes(config.family) === true;
    return strict && found.kind !== "closed" ? { kind: "none" } : found;
  };

  const execute = async (run: DecodeRun, decoder: RunDecoder, active: ActiveRun): Promise<void> => {
    const { goOn, controller } = active;
    const { signal } = controller;
    runs += 1;
    const report = await decoder.run(run, {
      goOn,
      signal,
      mayBegin(packet, data) {
        if (!mayBegin(packet, data)) return false;
        // What has been learnt since the run was planned may ask for an earlier beginning.
        return packet !== run.start || run.targets.every((it) => decodeStart(index, it) >= packet);
      },
      deliver(packet, { frame, status }, asIndexed) {
        const estimated = ((packets.flags[packet] as number) & PacketFlag.estimated) !== 0;
        const entered = confirmed.has(decodeStart(index, packet));
        const verified = asIndexed && entered;
        const exactness = estimated ? "estimated" : verified ? "verified" : "indexed";
        const told = { frame, status: entered ? status : "concealed", exactness } as const;
        settle(packet, told, active.startedAt, run.start);
      },
    });
    decodedPackets += report.fed;
    for (const packet of [...active.open]) {
      const want = wanted.get(packet);
      // Refused runs are planned anew, from an earlier key packet.
      if (report.refused && want !== undefined) want.run = undefined;
      else
        settle(
          packet,
          { frame: undefined, status: "missing", exactness: "indexed" },
          active.startedAt,
          run.start,
        );
    }
  };

  /** Whether a decoder is on its way to where a run begins, and can go on with it: cheaper than to begin again. */
  const isReached = ({ start, targets }: DecodeRun): boolean => {
    for (const { run, goOn } of activeRuns) {
      const last = run.targets.at(-1) as number;
      const ahead = (targets[0] as number) > last && start <= last + 1;
      if (goOn && ahead && run.start <= start) return true;
    }
    return false;
  };

  options.pool.join(owner);

  /** Gives what is waiting to decoders that are free. */
  const pump = (): void => {
    pumping = false;
    while (!closed) {
      const waiting = [...wanted.values()].filter(({ run }) => run === undefined);
      if (waiting.length === 0) return;
      const plan = planRuns(
        index,
        waiting.map(({ packet }) => packet),
      );
      // Whoever has waited longest is served first, with all others that are on the way.
      const oldest = waiting.find(({ waiters }) => waiters.size > 0) ?? (waiting[0] as Wanted);
      const first = plan.find(({ targets }) => targets.includes(oldest.packet)) as DecodeRun;
      const run = [first, ...plan].find((it) => !isReached(it));
      if (run === undefined) return;
      const create = (): RunDecoder => runDecoder(backend, source, () => index, options.threads);
      const decoder = options.pool.take(owner, run, create, schedule);
      if (decoder === undefined) return;
      const active: ActiveRun = {
        controller: new AbortController(),
        startedAt: performance.now(),
        run,
        goOn: run.targets.some((packet) => wanted.get(packet)?.goOn === true),
        open: new Set(run.targets),
      };
      activeRuns.add(active);
      for (const packet of run.targets) (wanted.get(packet) as Wanted).run = active;
      const execution = execute(run, decoder, active)
        .catch((error: unknown) => fail([...active.open], error))
        .finally(() => {
          busy.delete(execution);
          activeRuns.delete(active);
          options.pool.give(owner, decoder);
          schedule();
        });
      busy.add(execution);
    }
  };

  /** Later in this turn of the event loop, so that requests made together are planned together. */
  const schedule = (): void => {
    if (pumping || closed) return;
    pumping = true;
    queueMicrotask(pump);
  };

  const want = (packet: number, goOn: boolean): Wanted => {
    let found = wanted.get(packet);
    if (found === undefined) {
      found = { packet, waiters: new Set(), goOn, ahead: false, run: undefined };
      wanted.set(packet, found);
    }
    found.goOn ||= goOn;
    return found;
  };

  const leave = (want: Wanted, waiter: Waiter): void => {
    want.waiters.delete(waiter);
    if (want.waiters.size === 0 && !want.ahead) forget(want);
  };

  const forget = (want: Wanted): void => {
    if (wanted.get(want.packet) !== want) return;
    wanted.delete(want.packet);
    const { run } = want;
    run?.open.delete(want.packet);
    if (run?.open.size === 0)
      run.controller.abort(new MillraceError("ABORTED", "Nobody waits for the frames any more."));
  };

  return {
    get index() {
      return index;
    },
    index$: index$.asObservable(),
    get stats() {
      return { decodedPackets, runs, prefetched, prefetchedUsed };
    },
    async fetch(frame, { signal, goOn = false, ahead = [] } = {}) {
      signal?.throwIfAborted();
      if (closed) throw new MillraceError("CLOSED", `${source.name} is closed.`);
      const packet = index.packetOf[frame];
      if (packet === undefined) {
        throw new MillraceError(
          "NOT_FOUND",
          `${source.name} has no frame ${frame}; its frames are 0 to ${index.frameCount - 1}.`,
        );
      }
      for (const other of ahead) {
        const next = index.packetOf[other];
        if (next === undefined || next === packet || cache.has(`${cachePrefix}${next}`)) continue;
        want(next, goOn).ahead = true;
        schedule();
      }
      const cached = cache.get(`${cachePrefix}${packet}`) as CachedFrame | undefined;
      if (cached !== undefined) {
        const timing = { queueMs: 0, decodeMs: 0 };
        const { ahead: wasAhead, ...rest } = cached;
        if (wasAhead) {
          prefetchedUsed += 1;
          cached.ahead = false;
        }
        return { ...rest, frame: cached.frame?.clone(), source: "cache", timing };
      }
      const mine = want(packet, goOn);
      const { waiters } = mine;
      let waiter: Waiter | undefined;
      const found = new Promise<StoredFrame>((resolve, reject) => {
        waiter = { since: performance.now(), resolve, reject };
        waiters.add(waiter);
      });
      schedule();
      if (signal === undefined) return found;
      try {
        return await abortable(found, signal);
      } catch (error) {
        if (signal.aborted) leave(mine, waiter as unknown as Waiter);
        // It may have come in the moment of the abort.
        found.then(({ frame }) => frame?.close()).catch(() => {});
        throw error;
      }
    },
    has: (frame) => cache.has(`${cachePrefix}${index.packetOf[frame]}`),
    stopAhead(frames) {
      const still = new Set(frames.map((frame) => index.packetOf[frame]));
      for (const one of [...wanted.values()]) {
        if (still.has(one.packet)) continue;
        one.ahead = false;
        if (one.waiters.size === 0) forget(one);
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      const gone = new MillraceError(
        "CLOSED",
        `${source.name} was closed while frames of it were awaited.`,
      );
      for (const { run } of wanted.values()) run?.controller.abort(gone);
      fail([...wanted.keys()], gone);
      await Promise.allSettled(busy);
      await options.pool.drop(owner);
      index$.complete();
      cache.drop(cachePrefix);
    },
  };
}
