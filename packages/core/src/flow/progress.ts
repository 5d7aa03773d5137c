import type { Subscriber } from "rxjs";
import type { Acknowledgement } from "./acknowledgement.ts";
import type { ReadMeter } from "./context.ts";

/** The state of a run at one moment. */
export interface Progress {
  readonly elapsedMs: number;
  /** Bytes read from the source, as stored; `total` is 0 while unknown. */
  readonly bytes: { readonly read: number; readonly total: number };
  /** Origins (files) read to their end; `total` is 0 while unknown. */
  readonly origins: { readonly read: number; readonly total: number };
  /** Units (samples) handed to the sink, accepted by it, durable in it. */
  readonly units: {
    readonly written: number;
    readonly accepted: number;
    readonly durable: number;
  };
  /** Units accepted per second, over the last two seconds. */
  readonly unitsPerSecond: number;
  /** Estimated from the bytes read so far; undefined while nothing is known. */
  readonly etaMs: number | undefined;
}

/** Shortest time between two values of `run.progress$`. */
const SAMPLE_MS = 100;
/** A rate over less than this jumps with every acknowledged request. */
const RATE_WINDOW_MS = 2_000;

interface Watched {
  readonly meter: ReadMeter;
  readonly acknowledgement: Acknowledgement;
  readonly elapsedMs: () => number;
  readonly ended: Promise<void>;
}

/** Samples the run for one subscriber until it ends; the returned function stops the sampling. */
export function watchProgress(subscriber: Subscriber<Progress>, watched: Watched): () => void {
  const { meter, acknowledgement: units, elapsedMs, ended } = watched;
  const window: { readonly atMs: number; readonly accepted: number }[] = [];
  const sample = (): void => {
    const atMs = elapsedMs();
    window.push({ atMs, accepted: units.accepted });
    while (window.length > 2 && atMs - (window[1]?.atMs ?? atMs) >= RATE_WINDOW_MS) window.shift();
    const oldest = window[0] ?? { atMs, accepted: 0 };
    const since = window.length > 1 ? oldest : { atMs: 0, accepted: 0 };
    const seconds = (atMs - since.atMs) / 1000;
    const done = meter.bytesTotal > 0 ? meter.bytes / meter.bytesTotal : 0;
    subscriber.next({
      elapsedMs: atMs,
      bytes: { read: meter.bytes, total: meter.bytesTotal },
      origins: { read: meter.origins, total: meter.originsTotal },
      units: { written: units.written, accepted: units.accepted, durable: units.durable },
      unitsPerSecond: seconds > 0 ? (units.accepted - since.accepted) / seconds : 0,
      etaMs: done > 0 ? (atMs / done) * (1 - done) : undefined,
    });
  };
  sample();
  const timer = setInterval(sample, SAMPLE_MS);
  timer.unref();
  let live = true;
  void ended.then(() => {
    clearInterval(timer);
    if (!live) return;
    sample();
    subscriber.complete();
  });
  return () => {
    live = false;
    clearInterval(timer);
  };
}
