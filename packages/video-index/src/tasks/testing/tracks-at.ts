import type { Tracks } from "../track/tracks.ts";

/** A track's box in one frame, given by its centre; 20 × 20 pixels unless told otherwise. */
export interface TrackAt {
  readonly id: number;
  readonly x: number;
  readonly y: number;
  /** @defaultValue 20 */
  readonly size?: number;
  /** @defaultValue 0 */
  readonly classId?: number;
  /** @defaultValue 0 */
  readonly unseenSeconds?: number;
}

/** Tracks of one frame, for tests of what counts them. */
export function tracksAt(...list: readonly TrackAt[]): Tracks {
  return {
    count: list.length,
    boxes: Float32Array.from(
      list.flatMap(({ x, y, size = 20 }) => [
        x - size / 2,
        y - size / 2,
        x + size / 2,
        y + size / 2,
      ]),
    ),
    scores: new Float32Array(list.length).fill(0.9),
    classIds: Int32Array.from(list, ({ classId = 0 }) => classId),
    classNames: ["person", "car"],
    trackIds: Int32Array.from(list, ({ id }) => id),
    unseenSeconds: Float32Array.from(list, ({ unseenSeconds = 0 }) => unseenSeconds),
  };
}
