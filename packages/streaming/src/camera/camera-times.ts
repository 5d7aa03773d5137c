/** Puts the times of one connection after another onto one clock that only goes forward. */
export interface CameraTimes {
  /** A connection begins: its times have nothing to do with those before. */
  begin(): void;
  /** The time of a frame on the one clock, in microseconds, later than that of every frame before. */
  place(timestamp: number): number;
  /** What is due now, in microseconds. */
  now(): number;
}

/** A gap as long as this, or a step back, is no gap but a clock that was set. */
const LONGEST_GAP_US = 10_000_000;

/** Times from 0. `nowMs` is in milliseconds, of a clock that only goes forward. */
export function createCameraTimes(nowMs: () => number = () => performance.now()): CameraTimes {
  let last:
    | { readonly timestamp: number; readonly placed: number; readonly atMs: number }
    | undefined;
  let shift: number | undefined;
  return {
    begin() {
      shift = undefined;
    },
    place(timestamp) {
      const atMs = nowMs();
      const step = last ? timestamp - last.timestamp : 0;
      if (shift === undefined || step <= 0 || step > LONGEST_GAP_US) {
        const passed = last ? Math.max(1, Math.round((atMs - last.atMs) * 1_000)) : 0;
        shift = (last ? last.placed + passed : 0) - timestamp;
      }
      const placed = timestamp + shift;
      last = { timestamp, placed, atMs };
      return placed;
    },
    now: () => (last ? last.placed + (nowMs() - last.atMs) * 1_000 : 0),
  };
}
