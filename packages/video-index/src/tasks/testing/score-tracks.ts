import { boxOverlap } from "../detect/box-overlap.ts";
import { assign } from "../track/assign.ts";
import type { Tracks } from "../track/tracks.ts";
import type { Truth } from "./synthetic-world.ts";

/** How well tracks tell the truth, in the measures of multiple-object tracking. */
export interface TrackScore {
  /** Bernardin and Stiefelhagen (2008): 1 less misses, false boxes and switches, a true box. */
  readonly mota: number;
  /** Ristani et al. (2016): the share of boxes that bear the number that fits the whole story best. */
  readonly idf1: number;
  /** Times that an object goes on under another number. */
  readonly idSwitches: number;
  readonly misses: number;
  readonly falseBoxes: number;
  /** Mean difference between the number of tracks and the number of objects, over the frames. */
  readonly countError: number;
}

/** Boxes that overlap by half are one. */
const MIN_OVERLAP = 0.5;

/** Compares tracks with the truth, frame by frame. */
export function scoreTracks(
  frames: readonly { readonly truth: Truth; readonly tracks: Tracks }[],
): TrackScore {
  const lastTrack = new Map<number, number>();
  const shared = new Map<string, number>();
  const truths = new Map<number, number>();
  const hypotheses = new Map<number, number>();
  const bump = <K>(map: Map<K, number>, key: K): void => void map.set(key, (map.get(key) ?? 0) + 1);
  let [idSwitches, misses, falseBoxes, countError] = [0, 0, 0, 0];
  for (const { truth, tracks } of frames) {
    const rows = truth.ids.length;
    const costs = new Float64Array(rows * tracks.count);
    truth.ids.forEach((id, row) => {
      for (let column = 0; column < tracks.count; column++) {
        const overlap = boxOverlap(truth.boxes, row, tracks.boxes, column);
        if (overlap >= MIN_OVERLAP) bump(shared, `${id} ${tracks.trackIds[column]}`);
        // Who was matched before stays matched while it can, as the measure demands.
        const kept = lastTrack.get(id) === tracks.trackIds[column] ? 10 : 0;
        costs[row * tracks.count + column] = overlap >= MIN_OVERLAP ? 1 - overlap - kept : 100;
      }
    });
    const columnOf = assign(costs, rows, tracks.count, 50);
    let matched = 0;
    truth.ids.forEach((id, row) => {
      bump(truths, id);
      const trackId = tracks.trackIds[columnOf[row] as number];
      if (trackId === undefined) return;
      matched += 1;
      if (lastTrack.has(id) && lastTrack.get(id) !== trackId) idSwitches += 1;
      lastTrack.set(id, trackId);
    });
    for (const trackId of tracks.trackIds) bump(hypotheses, trackId);
    misses += rows - matched;
    falseBoxes += tracks.count - matched;
    countError += Math.abs(tracks.count - rows);
  }
  const sum = (map: Map<number, number>): number => [...map.values()].reduce((a, b) => a + b, 0);
  const trueBoxes = sum(truths);
  return {
    mota: 1 - (misses + falseBoxes + idSwitches) / trueBoxes,
    idf1: (2 * bestStory(truths, hypotheses, shared)) / (trueBoxes + sum(hypotheses)),
    idSwitches,
    misses,
    falseBoxes,
    countError: countError / frames.length,
  };
}

/** The most boxes that bear the right number, when each object is given one number for the whole story. */
function bestStory(
  truths: Map<number, number>,
  hypotheses: Map<number, number>,
  shared: Map<string, number>,
): number {
  const ids = [...truths.keys()];
  const trackIds = [...hypotheses.keys()];
  const costs = Float64Array.from(
    ids.flatMap((id) => trackIds.map((trackId) => -(shared.get(`${id} ${trackId}`) ?? 0))),
  );
  const columnOf = assign(costs, ids.length, trackIds.length, 0);
  return ids.reduce(
    (total, id, row) => total + (shared.get(`${id} ${trackIds[columnOf[row] as number]}`) ?? 0),
    0,
  );
}
