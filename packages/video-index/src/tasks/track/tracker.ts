import { boxOverlap } from "../detect/box-overlap.ts";
import type { Detections } from "../detect/detections.ts";
import { assign } from "./assign.ts";
import { type BoxFilter, boxFilter } from "./box-filter.ts";
import type { Tracks } from "./tracks.ts";

/** What {@link createTracker} takes. The numbers by default are ByteTrack's, where it has one. */
export interface TrackerOptions {
  /** Detections from this score on are matched first. @defaultValue 0.5 */
  readonly highScore?: number;
  /** Detections from this score on may go on with a track that found no better one. @defaultValue 0.1 */
  readonly lowScore?: number;
  /** Detections from this score on may begin a track. @defaultValue 0.6 */
  readonly newScore?: number;
  /** Seconds for which a track that is not seen is remembered. @defaultValue 1 */
  readonly bufferSeconds?: number;
  /** Consecutive frames in which an object must be seen before it is a track. @defaultValue 2 */
  readonly confirmFrames?: number;
  /**
   * Seconds for which an unseen track is still reported, where it is expected, as long as that is within the frame.
   *
   * @defaultValue 0
   */
  readonly holdSeconds?: number;
  /** A gap of more seconds than this between two frames forgets all tracks, as going backwards does. @defaultValue 5 */
  readonly maxGapSeconds?: number;
  /** Whether a detection goes on only with a track of the same class. @defaultValue false, classes may flicker */
  readonly classAware?: boolean;
}

/** Coded pixels of a frame. */
export interface FrameSize {
  readonly width: number;
  readonly height: number;
}

/** Gives the objects of consecutive frames numbers that stay. */
export interface Tracker {
  /**
   * Takes the next frame.
   *
   * @param time - seconds; going backwards, or too far forwards, begins anew
   * @param frame - pixels of the frame, beyond which nothing is held. @defaultValue endless
   */
  update(detections: Detections, time: number, frame?: FrameSize): Tracks;
  /** Forgets all tracks; numbers go on. */
  reset(): void;
}

interface Track {
  id: number;
  readonly filter: BoxFilter;
  readonly seenClasses: Map<number, number>;
  classId: number;
  score: number;
  /** Frames in a row in which it was seen. */
  hits: number;
  lastSeen: number;
  lost: boolean;
  /** Its place in the frame's detections; -1 where it is not seen. */
  detection: number;
}

const ENDLESS: FrameSize = { width: Number.POSITIVE_INFINITY, height: Number.POSITIVE_INFINITY };

/** How well box and expectation must overlap, in ByteTrack's three steps; overlap times score in the first and last. */
const MIN_OVERLAP = { high: 0.2, low: 0.5, unconfirmed: 0.3 };

/**
 * Makes a tracker in the manner of ByteTrack (Zhang et al., 2022), with time in seconds: good detections are matched
 * with tracks by overlap, then poor ones with what is left, so that an object that is half hidden keeps its number.
 *
 * Deterministic. A track is born from a detection that matched nothing; in the first frame it is confirmed at once.
 *
 * @example
 * ```ts
 * import { createTracker } from "@millrace/video-index/tasks";
 *
 * const tracker = createTracker();
 * for (const [time, x] of [[0, 10], [0.04, 12], [0.08, 14]] as const) {
 *   const { trackIds } = tracker.update(
 *     {
 *       count: 1,
 *       boxes: Float32Array.of(x, 10, x + 20, 50),
 *       scores: Float32Array.of(0.9),
 *       classIds: Int32Array.of(0),
 *       classNames: ["person"],
 *     },
 *     time,
 *   );
 *   console.log(trackIds); // Int32Array(1) [ 1 ]
 * }
 * ```
 */
export function createTracker(options: TrackerOptions = {}): Tracker {
  const { highScore = 0.5, lowScore = 0.1, newScore = 0.6, bufferSeconds = 1 } = options;
  const { confirmFrames = 2, holdSeconds = 0, maxGapSeconds = 5, classAware = false } = options;
  let tracks: Track[] = [];
  let lastTime: number | undefined;
  let lastId = 0;

  const reset = (): void => {
    tracks = [];
    lastTime = undefined;
  };
  const see = (track: Track, detections: Detections, i: number, time: number): void => {
    const classId = detections.classIds[i] as number;
    track.score = detections.scores[i] as number;
    track.filter.correct(detections.boxes, i);
    const { seenClasses } = track;
    seenClasses.set(classId, (seenClasses.get(classId) ?? 0) + track.score);
    if ((seenClasses.get(classId) ?? 0) > (seenClasses.get(track.classId) ?? 0)) {
      track.classId = classId;
    }
    track.hits += 1;
    track.lastSeen = time;
    track.lost = false;
    track.detection = i;
    if (track.id === 0 && track.hits >= confirmFrames) track.id = ++lastId;
  };
  /** Matches tracks with detections, and returns the detections that are left. */
  const match = (
    candidates: readonly Track[],
    places: readonly number[],
    detections: Detections,
    time: number,
    minOverlap: number,
    weighted: boolean,
  ): readonly number[] => {
    const costs = new Float64Array(candidates.length * places.length);
    candidates.forEach((track, row) => {
      places.forEach((i, column) => {
        const fits = !classAware || track.classId === detections.classIds[i];
        const overlap = fits ? boxOverlap(track.filter.box, 0, detections.boxes, i) : 0;
        const weight = weighted ? (detections.scores[i] as number) : 1;
        costs[row * places.length + column] = 1 - overlap * weight;
      });
    });
    const columnOf = assign(costs, candidates.length, places.length, 1 - minOverlap);
    const taken = new Set<number>();
    columnOf.forEach((column, row) => {
      const i = places[column];
      if (i === undefined) return;
      taken.add(i);
      see(candidates[row] as Track, detections, i, time);
    });
    return places.filter((i) => !taken.has(i));
  };

  return {
    reset,
    update(detections, time, frame = ENDLESS) {
      const gap = lastTime === undefined ? 0 : time - lastTime;
      if (gap < 0 || gap > maxGapSeconds) reset();
      const first = lastTime === undefined;
      lastTime = time;
      // Who was seen in the frame before goes on however long ago that was.
      tracks = tracks.filter(({ lost, lastSeen }) => !lost || time - lastSeen <= bufferSeconds);
      for (const track of tracks) {
        if (track.lost) track.filter.keepShape();
        track.filter.predict(gap);
        track.detection = -1;
      }
      const places = Array.from({ length: detections.count }, (_, i) => i);
      const score = (i: number): number => detections.scores[i] as number;
      const unseen = (track: Track): boolean => track.detection < 0;
      const confirmed = tracks.filter(({ id }) => id > 0);
      const unconfirmed = tracks.filter(({ id }) => id === 0);
      const high = places.filter((i) => score(i) >= highScore);
      const low = places.filter((i) => score(i) < highScore && score(i) >= lowScore);
      const left = match(confirmed, high, detections, time, MIN_OVERLAP.high, true);
      const tracked = confirmed.filter((track) => unseen(track) && !track.lost);
      match(tracked, low, detections, time, MIN_OVERLAP.low, false);
      const fresh = match(unconfirmed, left, detections, time, MIN_OVERLAP.unconfirmed, true);
      for (const track of tracks) if (unseen(track)) track.lost = true;
      tracks = tracks.filter(({ id, lost }) => !lost || id > 0);
      for (const i of fresh) {
        if (score(i) < newScore) continue;
        const track = newTrack(detections, i, time);
        // There was no frame before the first one that could have confirmed it.
        if (first || confirmFrames <= 1) track.id = ++lastId;
        tracks.push(track);
      }
      const held = ({ lastSeen, filter }: Track): boolean =>
        time - lastSeen <= holdSeconds && isWithin(filter.box, frame);
      const reported = tracks.filter((track) => track.id > 0 && (!track.lost || held(track)));
      return asColumns(reported, detections, time);
    },
  };
}

/** Whether a box lies in the frame: one that is expected to leave has left. */
function isWithin([x1 = 0, y1 = 0, x2 = 0, y2 = 0]: Float64Array, frame: FrameSize): boolean {
  return x1 >= 0 && y1 >= 0 && x2 <= frame.width && y2 <= frame.height;
}

function newTrack(detections: Detections, i: number, time: number): Track {
  const classId = detections.classIds[i] as number;
  const score = detections.scores[i] as number;
  return {
    id: 0,
    filter: boxFilter(detections.boxes, i),
    seenClasses: new Map([[classId, score]]),
    classId,
    score,
    hits: 1,
    lastSeen: time,
    lost: false,
    detection: i,
  };
}

function asColumns(tracks: readonly Track[], detections: Detections, time: number): Tracks {
  const sorted = tracks.toSorted((a, b) => a.id - b.id);
  const boxes = new Float32Array(4 * sorted.length);
  sorted.forEach(({ detection, filter }, i) => {
    const seen = detections.boxes.subarray(4 * detection, 4 * detection + 4);
    boxes.set(detection < 0 ? filter.box : seen, 4 * i);
  });
  return {
    count: sorted.length,
    boxes,
    scores: Float32Array.from(sorted, ({ score }) => score),
    classIds: Int32Array.from(sorted, ({ classId }) => classId),
    classNames: detections.classNames,
    trackIds: Int32Array.from(sorted, ({ id }) => id),
    unseenSeconds: Float32Array.from(sorted, ({ lastSeen }) => time - lastSeen),
  };
}
