import type { ViewerStats } from "./viewer.ts";

/** Counts what a viewer was sent. */
export interface ViewerMeter {
  /** A frame was sent whole. */
  sent(sizeBytes: number): void;
  /** Bytes that are not a frame's of their own: a repetition, sound, a header. */
  sentBytes(sizeBytes: number): void;
  dropped(frames?: number): void;
  /** A frame was this old when the viewer had it. */
  aged(ageMs: number): void;
  read(): Pick<
    ViewerStats,
    "framesSent" | "framesDropped" | "bytesSent" | "fps" | "bitrate" | "frameAgeMs"
  >;
}

/** Rates are over this long: short enough to see a change, long enough that 5 fps are no noise. */
const WINDOW_MS = 2_000;
/** Ages that are kept: five seconds' worth at 60 fps. */
const AGES = 300;

/** A meter of one viewer. `now` is in milliseconds, of any clock that only goes forward. */
export function createViewerMeter(now: () => number = () => performance.now()): ViewerMeter {
  let framesSent = 0;
  let framesDropped = 0;
  let bytesSent = 0;
  const startedMs = now();
  const times: number[] = [];
  const sizes: number[] = [];
  const isFrame: boolean[] = [];
  const ages = new Float64Array(AGES);
  let agesSeen = 0;

  const forget = (): void => {
    const before = now() - WINDOW_MS;
    let old = 0;
    while (old < times.length && (times[old] ?? 0) < before) old++;
    if (old === 0) return;
    times.splice(0, old);
    sizes.splice(0, old);
    isFrame.splice(0, old);
  };
  const note = (sizeBytes: number, frame: boolean): void => {
    bytesSent += sizeBytes;
    times.push(now());
    sizes.push(sizeBytes);
    isFrame.push(frame);
    // Nobody may ever read: what is kept stays within the window all the same.
    if (times.length % 64 === 0) forget();
  };

  return {
    sent(sizeBytes) {
      framesSent++;
      note(sizeBytes, true);
    },
    sentBytes: (sizeBytes) => note(sizeBytes, false),
    dropped(frames = 1) {
      framesDropped += frames;
    },
    aged(ageMs) {
      ages[agesSeen % AGES] = ageMs;
      agesSeen++;
    },
    read() {
      forget();
      // Of less than a second no rate can be told.
      const seconds = Math.min(WINDOW_MS, Math.max(1_000, now() - startedMs)) / 1_000;
      const frames = isFrame.reduce((sum, one) => sum + (one ? 1 : 0), 0);
      const bits = sizes.reduce((sum, size) => sum + size * 8, 0);
      return {
        framesSent,
        framesDropped,
        bytesSent,
        fps: frames / seconds,
        bitrate: bits / seconds,
        frameAgeMs: quantiles(ages.subarray(0, Math.min(agesSeen, AGES))),
      };
    },
  };
}

function quantiles(ages: Float64Array): ViewerStats["frameAgeMs"] {
  if (ages.length === 0) return null;
  const sorted = ages.slice().sort();
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p95: at(0.95) };
}
