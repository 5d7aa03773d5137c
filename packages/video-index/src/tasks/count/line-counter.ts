import { MillraceError } from "@millrace/core";
import { className } from "../detect/detections.ts";
import type { Point } from "../draw/shapes.ts";
import type { Tracks } from "../track/tracks.ts";
import { type BoxAnchor, boxAnchor } from "./box-anchor.ts";
import { type ClassCounts, classTally } from "./class-tally.ts";
import type { LineCrossEvent } from "./count-event.ts";

/** A line that objects are counted at: from one end to the other, and no further. */
export interface CountLine {
  /** Unique among the lines. */
  readonly name: string;
  /** Coded pixels of the frame. */
  readonly from: Point;
  readonly to: Point;
  /** @defaultValue `"centre"` */
  readonly anchor?: BoxAnchor;
  /** Pixels on either side of the line in which an object is on no side. @defaultValue 2 */
  readonly deadBandPixels?: number;
  /**
   * Consecutive frames on a side until the object belongs there, before and after it crosses; 1 where frames are
   * far apart.
   *
   * @defaultValue 2
   */
  readonly settleFrames?: number;
  /** Whether an object that comes back and goes again counts again. @defaultValue `"every"` */
  readonly recross?: "every" | "once";
  /**
   * A track that begins within this time and within a box's size of where another one of its class ended is the
   * same object at this line. 0 switches it off.
   *
   * @defaultValue 0.5
   */
  readonly healSeconds?: number;
}

/** What has gone over a line so far. */
export interface LineCount {
  readonly name: string;
  readonly from: Point;
  readonly to: Point;
  /** From the left of the line to its right, as one sees it who walks from `from` to `to`. */
  readonly in: ClassCounts;
  readonly out: ClassCounts;
}

/** Counts at one line. */
export interface LineCounter {
  /** Takes the next frame; times must rise. Says what has crossed. */
  update(tracks: Tracks, time: number): readonly LineCrossEvent[];
  count(): LineCount;
  /** Forgets who is on which side; counts stay. */
  reset(): void;
}

/** Right of the line is 1, left of it -1, and 0 is unknown or too near. */
type Side = -1 | 0 | 1;

interface Walker {
  /** Where it belongs. */
  settled: Side;
  /** Where it was in the last frames, and in how many. */
  side: Side;
  frames: number;
  point: Point;
  time: number;
  /** Pixels a second. */
  speed: Point;
  className: string;
  crossing: { readonly time: number; readonly position: number } | undefined;
  readonly counted: Set<LineCrossEvent["direction"]>;
}

/** Who was not seen for so long does not come back under the same number. */
const FORGET_SECONDS = 60;

/**
 * Makes a counter of the objects that cross a line.
 *
 * An object counts once it belonged to one side and then belongs to the other, and its way led through the line
 * between its ends: a fast object needs no frame near the line, one that trembles on it does not count, and one that
 * goes around it does not either.
 *
 * @throws MillraceError INVALID_OPTION when both ends are the same
 */
export function lineCounter(line: CountLine): LineCounter {
  const { name, from, to, anchor = "centre", deadBandPixels = 2, settleFrames = 2 } = line;
  const { recross = "every", healSeconds = 0.5 } = line;
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy);
  if (!(length > 0)) {
    throw new MillraceError(
      "INVALID_OPTION",
      `Line "${name}" has no length: give it two ends, in pixels.`,
    );
  }
  const walkers = new Map<number, Walker>();
  const tallies = { in: classTally(), out: classTally() };
  let lastTime = Number.NEGATIVE_INFINITY;
  /** Pixels from the endless line; positive on its right, because y goes down. */
  const distance = ({ x, y }: Point): number => (dx * (y - from.y) - dy * (x - from.x)) / length;

  /** Notes where the way from the last point to this one leads through the endless line. */
  const step = (walker: Walker, point: Point, time: number): void => {
    const before = distance(walker.point);
    const after = distance(point);
    if (before > 0 !== after > 0) {
      const part = before / (before - after);
      const x = walker.point.x + (point.x - walker.point.x) * part;
      const y = walker.point.y + (point.y - walker.point.y) * part;
      walker.crossing = {
        time: walker.time + (time - walker.time) * part,
        position: ((x - from.x) * dx + (y - from.y) * dy) / length ** 2,
      };
    }
    const seconds = time - walker.time;
    if (seconds > 0) {
      const { x, y } = walker.point;
      walker.speed = { x: (point.x - x) / seconds, y: (point.y - y) / seconds };
    }
    walker.point = point;
    walker.time = time;
    const side: Side = Math.abs(after) <= deadBandPixels ? 0 : after > 0 ? 1 : -1;
    if (side === 0) return;
    walker.frames = side === walker.side ? walker.frames + 1 : 1;
    walker.side = side;
  };
  /** Moves a walker to the side on which it has been for long enough; says how it got there. */
  const settle = (walker: Walker, trackId: number): LineCrossEvent | undefined => {
    const { settled, side, crossing } = walker;
    if (walker.frames < settleFrames || side === settled) return undefined;
    walker.settled = side;
    walker.crossing = undefined;
    if (settled === 0 || crossing === undefined) return undefined;
    if (crossing.position < 0 || crossing.position > 1) return undefined;
    const direction = side === 1 ? "in" : "out";
    if (recross === "once" && walker.counted.has(direction)) return undefined;
    walker.counted.add(direction);
    tallies[direction].add(walker.className);
    return {
      type: "line-cross",
      line: name,
      direction,
      trackId,
      className: walker.className,
      ...crossing,
    };
  };
  /** The walker whose track has just ended where a new one begins, if there is one. */
  const heir = (tracks: Tracks, i: number, point: Point, time: number): Walker | undefined => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = tracks.boxes.subarray(4 * i, 4 * i + 4);
    const wanted = className(tracks.classNames, tracks.classIds[i] as number);
    let nearest = Math.max(x2 - x1, y2 - y1);
    let found: number | undefined;
    for (const [id, walker] of walkers) {
      const seconds = time - walker.time;
      if (seconds <= 0 || seconds > healSeconds || walker.className !== wanted) continue;
      if (tracks.trackIds.includes(id)) continue;
      const x = walker.point.x + walker.speed.x * seconds;
      const y = walker.point.y + walker.speed.y * seconds;
      const away = Math.hypot(point.x - x, point.y - y);
      if (away > nearest) continue;
      nearest = away;
      found = id;
    }
    const walker = found === undefined ? undefined : walkers.get(found);
    if (found !== undefined) walkers.delete(found);
    return walker;
  };

  return {
    update(tracks, time) {
      if (time < lastTime) walkers.clear();
      lastTime = time;
      const events: LineCrossEvent[] = [];
      for (let i = 0; i < tracks.count; i++) {
        // A place that is only expected proves nothing.
        if ((tracks.unseenSeconds[i] as number) > 0) continue;
        const trackId = tracks.trackIds[i] as number;
        const point = boxAnchor(tracks.boxes, i, anchor);
        let walker = walkers.get(trackId) ?? heir(tracks, i, point, time);
        walker ??= newWalker(point, time);
        walkers.set(trackId, walker);
        walker.className = className(tracks.classNames, tracks.classIds[i] as number);
        step(walker, point, time);
        const event = settle(walker, trackId);
        if (event !== undefined) events.push(event);
      }
      for (const [id, walker] of walkers) {
        if (time - walker.time > FORGET_SECONDS) walkers.delete(id);
      }
      return events;
    },
    count: () => ({ name, from, to, in: tallies.in.counts(), out: tallies.out.counts() }),
    reset: () => walkers.clear(),
  };
}

function newWalker(point: Point, time: number): Walker {
  return {
    settled: 0,
    side: 0,
    frames: 0,
    point,
    time,
    speed: { x: 0, y: 0 },
    className: "",
    crossing: undefined,
    counted: new Set(),
  };
}
