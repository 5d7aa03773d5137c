/**
 * Says which frames of a stream to take so that there are so many a second at most, evenly and without drift: 12.5
 * of 25 are every other one.
 *
 * @returns whether to take the frame of this time, in microseconds of the stream
 */
export function createFramePace(framerate: number | undefined): (timestamp: number) => boolean {
  if (framerate === undefined) return () => true;
  const interval = 1_000_000 / framerate;
  // Times of real sources tremble by a few milliseconds; half a frame is beyond any of it.
  const tolerance = Math.min(interval / 4, 5_000);
  let due = Number.NEGATIVE_INFINITY;
  return (timestamp) => {
    if (timestamp + tolerance < due) return false;
    due = due + interval > timestamp ? due + interval : timestamp + interval;
    return true;
  };
}
