import { MillraceError } from "@millrace/core";
import { className } from "../detect/detections.ts";
import type { Tracks } from "../track/tracks.ts";
import { type ClassCounts, classTally } from "./class-tally.ts";
import type { CountEvent } from "./count-event.ts";
import { type CountLine, type LineCount, lineCounter } from "./line-counter.ts";
import { type CountZone, type ZoneCount, zoneCounter } from "./zone-counter.ts";

/** What {@link createCounter} takes. */
export interface CounterOptions {
  /** @defaultValue none */
  readonly lines?: readonly CountLine[];
  /** @defaultValue none */
  readonly zones?: readonly CountZone[];
}

/** What is in a frame, and what has been counted up to it. */
export interface Counts {
  /** Tracks that are in the frame. */
  readonly inFrame: ClassCounts;
  /** Tracks so far: each object once, as long as it keeps its number. */
  readonly unique: ClassCounts;
  /** In the order of the options. */
  readonly lines: readonly LineCount[];
  readonly zones: readonly ZoneCount[];
  /** What happened at lines and zones, told in this frame. */
  readonly events: readonly CountEvent[];
  readonly tracks: Tracks;
}

/** Counts the tracks of consecutive frames. */
export interface Counter {
  /**
   * Takes the next frame.
   *
   * @param time - seconds; going backwards forgets who is on which side of a line and in which zone
   */
  update(tracks: Tracks, time: number): Counts;
  /** The same, said by the caller. Totals stay. */
  reset(): void;
}

/**
 * Makes a counter of what is in the frame, of what has been in it, at lines and in zones.
 *
 * @throws MillraceError INVALID_OPTION when a line or a zone is none, or two have one name
 * @example
 * ```ts
 * import { createCounter, createTracker } from "@millrace/video-index/tasks";
 *
 * const tracker = createTracker();
 * const counter = createCounter({
 *   lines: [{ name: "door", from: { x: 50, y: 0 }, to: { x: 50, y: 100 } }],
 * });
 * for (let frame = 0; frame < 10; frame++) {
 *   const x = 8 * frame;
 *   const tracks = tracker.update(
 *     {
 *       count: 1,
 *       boxes: Float32Array.of(x, 20, x + 20, 60),
 *       scores: Float32Array.of(0.9),
 *       classIds: Int32Array.of(0),
 *       classNames: ["person"],
 *     },
 *     frame / 25,
 *   );
 *   for (const event of counter.update(tracks, frame / 25).events) console.log(event);
 * }
 * ```
 */
export function createCounter(options: CounterOptions = {}): Counter {
  const { lines = [], zones = [] } = options;
  requireNames("line", lines);
  requireNames("zone", zones);
  const lineCounters = lines.map(lineCounter);
  const zoneCounters = zones.map(zoneCounter);
  const unique = classTally();
  let lastId = 0;
  return {
    update(tracks, time) {
      const inFrame = classTally();
      for (let i = 0; i < tracks.count; i++) {
        const name = className(tracks.classNames, tracks.classIds[i] as number);
        inFrame.add(name);
        // Numbers rise, so that nothing need be remembered of those that went.
        if ((tracks.trackIds[i] as number) <= lastId) continue;
        lastId = tracks.trackIds[i] as number;
        unique.add(name);
      }
      const counters = [...lineCounters, ...zoneCounters];
      const events: readonly CountEvent[] = counters.flatMap((counter): readonly CountEvent[] =>
        counter.update(tracks, time),
      );
      return {
        inFrame: inFrame.counts(),
        unique: unique.counts(),
        lines: lineCounters.map((counter) => counter.count()),
        zones: zoneCounters.map((counter) => counter.count()),
        events,
        tracks,
      };
    },
    reset() {
      for (const counter of [...lineCounters, ...zoneCounters]) counter.reset();
    },
  };
}

function requireNames(what: string, named: readonly { readonly name: string }[]): void {
  const names = named.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return;
  throw new MillraceError(
    "INVALID_OPTION",
    `Two ${what}s are called "${twice}": give each a name of its own.`,
  );
}
