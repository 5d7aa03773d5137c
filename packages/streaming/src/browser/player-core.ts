import type { LiveData } from "@millrace/media";
import type { PlayerOptions, PlayerState, PlayerStats } from "./player.ts";

/** What all players have in common: state, numbers, and which data belong to which frame. */
export interface PlayerCore {
  readonly state: PlayerState;
  /** Whether it plays or tries to. */
  readonly isOpen: boolean;
  set(state: PlayerState, reason: string): void;
  /** Bytes came in. */
  came(bytes: number): void;
  /** A frame came in; what is missing since the one before was lost. */
  numbered(sequence: number): void;
  dropped(): void;
  /** An item of data came in. */
  data(item: LiveData): void;
  /** A frame was shown. */
  shown(frame: {
    readonly sequence: number | null;
    readonly timestamp: number;
    readonly capturedAtMs?: number | undefined;
  }): void;
  /** Numbers that the transport knows better. */
  told(numbers: Partial<Pick<PlayerStats, "lost" | "dropped" | "rttMs" | "bitrate">>): void;
  /** What to add to this page's clock for the server's. */
  clockOffsetMs: number | undefined;
  stats(): PlayerStats;
}

const WINDOW_MS = 2_000;
const STATS_MS = 1_000;
/** Times of frames whose data are kept: ten seconds' worth at 30 fps. */
const REMEMBERED = 300;

/** Makes the core of one player. */
export function createPlayerCore(options: PlayerOptions): PlayerCore {
  const { onFrame, onData, onState, onStats } = options;
  const items = new Map<number, LiveData[]>();
  const times: number[] = [];
  const bytes: { readonly atMs: number; readonly count: number }[] = [];
  const startedMs = performance.now();
  let state: PlayerState = "connecting";
  let count = 0;
  let dropped = 0;
  let lost = 0;
  let last: number | undefined;
  let frameAgeMs: number | null = null;
  let shownTimestamp: number | undefined;
  let told: Parameters<PlayerCore["told"]>[0] = {};

  const forget = (): void => {
    const before = performance.now() - WINDOW_MS;
    while (times[0] !== undefined && times[0] < before) times.shift();
    while (bytes[0] !== undefined && bytes[0].atMs < before) bytes.shift();
  };
  const stats = (): PlayerStats => {
    forget();
    const seconds = Math.max(100, Math.min(WINDOW_MS, performance.now() - startedMs)) / 1_000;
    const bits = bytes.reduce((sum, one) => sum + one.count * 8, 0);
    const fps = times.length / seconds;
    return {
      state,
      count,
      dropped,
      lost,
      fps,
      bitrate: bits / seconds,
      frameAgeMs,
      rttMs: null,
      ...told,
    };
  };
  const timer = onStats && setInterval(() => onStats(stats()), STATS_MS);
  const core: PlayerCore = {
    clockOffsetMs: options.clockOffsetMs,
    get state() {
      return state;
    },
    get isOpen() {
      return state === "connecting" || state === "live" || state === "reconnecting";
    },
    set(next, reason) {
      if (!core.isOpen || next === state) return;
      state = next;
      // Numbers begin anew with another process of the server.
      if (next === "reconnecting") last = undefined;
      if (!core.isOpen) clearInterval(timer);
      onState?.(next, reason);
    },
    came(count) {
      bytes.push({ atMs: performance.now(), count });
      if (bytes.length % 64 === 0) forget();
    },
    numbered(sequence) {
      if (last !== undefined && sequence > last) lost += sequence - last - 1;
      last = sequence;
    },
    dropped() {
      dropped++;
    },
    data(item) {
      const known = items.get(item.timestamp);
      if (known) known.push(item);
      else items.set(item.timestamp, [item]);
      if (items.size > REMEMBERED) items.delete(items.keys().next().value as number);
      onData?.(item, item.timestamp === shownTimestamp);
    },
    shown({ sequence, timestamp, capturedAtMs }) {
      if (!core.isOpen) return;
      core.set("live", "a frame was shown");
      count++;
      times.push(performance.now());
      if (times.length % 64 === 0) forget();
      shownTimestamp = timestamp;
      if (capturedAtMs !== undefined && core.clockOffsetMs !== undefined) {
        const nowMs = performance.timeOrigin + performance.now() + core.clockOffsetMs;
        frameAgeMs = nowMs - capturedAtMs;
      }
      onFrame?.({ sequence, timestamp, data: items.get(timestamp) ?? [] });
    },
    told(numbers) {
      told = { ...told, ...numbers };
    },
    stats,
  };
  return core;
}
