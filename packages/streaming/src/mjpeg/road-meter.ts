/** What lies between us and a viewer: bytes that the system has taken and the viewer has not, and how fast they go. */
export interface RoadMeter {
  /** So many bytes were handed to the system. */
  wrote(sizeBytes: number): void;
  /** The system took no more: its buffers are full. */
  full(): void;
  /** The system takes more again. */
  taken(): void;
  /** The system said how many bytes it holds, which is better than reckoning. */
  holds(sizeBytes: number): void;
  /** How long the next frame has to wait until what is on the road is short, in milliseconds. */
  waitMs(): number;
  /** What the road carries; undefined as long as nothing says that it is slow. */
  readonly bytesPerSecond: number | undefined;
  /** For how long the system has held something and the viewer has taken nothing of it, as far as the system says. */
  readonly stuckMs: number;
}

/** What may be on the road before the next frame goes: two or three frames of a viewer who is a little slow. */
const SHORT_S = 0.12;
/** A road is judged by at least so much of its time, so that one hiccup of a fast viewer makes it no slow one. */
const WINDOW_MS = 1_000;
/** Share of the time that the buffers are full on a slow road. */
const SLOW_SHARE = 0.5;
/** Nobody tells when a road has become faster: what is reckoned grows so much a second until it is full again. */
const GROWTH = 0.02;
/** A road that carries so many times what is sent is not called slow any more. */
const AMPLE = 2;
/** What was measured is used up to this share, so that the buffers are empty for most of the time until it has grown. */
const CAUTION = 0.8;
const LEAST_CAPACITY = 65_536;
const LONGEST_WAIT_MS = 1_000;
/** Less than this in the system's buffers is what is under way at any time. */
const NEARLY_NOTHING = 16_384;

/** A meter of one viewer's road. `now` is in milliseconds, of any clock that only goes forward. */
export function createRoadMeter(now: () => number = () => performance.now()): RoadMeter {
  let rate: number | undefined;
  let held = 0;
  let written = 0;
  let lastMs = now();
  let startedMs: number | undefined;
  let capacity: number | undefined;
  /** The last time that the buffers were full and what was in them was known: how long, and what was written till then. */
  let mark: { readonly ms: number; readonly written: number } | undefined;
  let fullSinceMs: number | undefined;
  let fullMs = 0;
  let report: { readonly ms: number; readonly gone: number; readonly held: number } | undefined;
  /** When the system last said that something had gone, or that it held nothing. */
  let goneAtMs = lastMs;
  let sentRate = { ms: lastMs, written: 0, bytesPerSecond: 0 };

  const settle = (): number => {
    const ms = now();
    const seconds = (ms - lastMs) / 1_000;
    lastMs = ms;
    if (rate === undefined) return ms;
    held = Math.max(0, held - rate * seconds);
    if (fullSinceMs === undefined) rate *= 1 + GROWTH * Math.min(1, seconds);
    if (ms - sentRate.ms >= WINDOW_MS) {
      const bytesPerSecond = (written - sentRate.written) / ((ms - sentRate.ms) / 1_000);
      sentRate = { ms, written, bytesPerSecond };
      if (held === 0 && bytesPerSecond > 0 && rate > bytesPerSecond * AMPLE) forget();
    }
    return ms;
  };
  const forget = (): void => {
    rate = undefined;
    held = 0;
    mark = undefined;
    fullMs = 0;
    startedMs = undefined;
  };

  return {
    wrote(sizeBytes) {
      const ms = settle();
      startedMs ??= ms;
      written += sizeBytes;
      held += sizeBytes;
    },
    full() {
      const ms = settle();
      fullSinceMs = ms;
      if (!mark) {
        mark = { ms, written };
        fullMs = 0;
        return;
      }
      const seconds = (ms - mark.ms) / 1_000;
      if (seconds * 1_000 < WINDOW_MS) return;
      // From full to full: what went in is what came out.
      const measured = (written - mark.written) / seconds;
      const isSlow = rate !== undefined || fullMs / 1_000 >= seconds * SLOW_SHARE;
      if (isSlow && measured > 0) {
        capacity ??= Math.max(
          LEAST_CAPACITY,
          mark.written - measured * ((mark.ms - (startedMs ?? mark.ms)) / 1_000),
        );
        rate = measured * CAUTION;
        // A report of the system holds until the next one.
        if (!report) held = capacity;
      }
      mark = { ms, written };
      fullMs = 0;
    },
    taken() {
      const ms = settle();
      if (fullSinceMs !== undefined) fullMs += ms - fullSinceMs;
      fullSinceMs = undefined;
    },
    holds(sizeBytes) {
      const ms = settle();
      const gone = written - sizeBytes;
      const before = report;
      if (sizeBytes === 0 || before === undefined || gone > before.gone) goneAtMs = ms;
      report = { ms, gone, held: sizeBytes };
      held = sizeBytes;
      if (!before) return;
      const seconds = (ms - before.ms) / 1_000;
      if (Math.min(sizeBytes, before.held) > NEARLY_NOTHING && seconds > 0) {
        const measured = Math.max(0, gone - before.gone) / seconds;
        if (measured > 0) rate = rate === undefined ? measured : rate * 0.7 + measured * 0.3;
      } else if (rate !== undefined && sizeBytes <= NEARLY_NOTHING) {
        // It was empty for some of the time, so that nobody knows what it would have carried.
        rate *= 1 + Math.min(1, seconds);
      }
    },
    waitMs() {
      settle();
      if (rate === undefined) return 0;
      const tooMuch = held - rate * SHORT_S;
      return tooMuch <= 0 ? 0 : Math.min(LONGEST_WAIT_MS, (tooMuch / rate) * 1_000);
    },
    get bytesPerSecond() {
      return rate;
    },
    get stuckMs() {
      return report ? report.ms - goneAtMs : 0;
    },
  };
}
