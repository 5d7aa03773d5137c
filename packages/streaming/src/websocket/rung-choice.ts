/** Says which rung of a ladder of renditions a viewer can take: down when frames find the road full, up with patience. */
export interface RungChoice {
  /** 0 is the best. */
  readonly rung: number;
  /** A frame was there to be sent, and found the window full or free. Times in milliseconds, only forward. */
  note(wasFull: boolean, atMs: number): void;
}

/** Over this long it is looked at how often the window was full. */
const LOOK_MS = 1_500;
/** Share of frames that find the window full, from which the road is too narrow. */
const TOO_FULL = 0.2;
/** A step up is tried when nothing was full for so long; twice as long after each that failed. */
const PATIENCE_MS = 5_000;
const MOST_PATIENCE_MS = 60_000;
/** A step up that ends sooner than this has failed. */
const TRIAL_MS = 10_000;

/**
 * Makes the choice for one viewer. Pure: the same notes give the same rungs.
 *
 * @param rungs - how many there are
 * @param start - the one to begin with
 */
export function createRungChoice(rungs: number, start = 0): RungChoice {
  let rung = Math.min(start, rungs - 1);
  let frames = 0;
  let full = 0;
  let lookedMs: number | undefined;
  let lastFullMs: number | undefined;
  let steppedUpMs = Number.NEGATIVE_INFINITY;
  let patienceMs = PATIENCE_MS;

  const lookAgain = (atMs: number): void => {
    frames = 0;
    full = 0;
    lookedMs = atMs;
  };
  return {
    get rung() {
      return rung;
    },
    note(wasFull, atMs) {
      lookedMs ??= atMs;
      lastFullMs ??= atMs;
      frames++;
      if (wasFull) {
        full++;
        lastFullMs = atMs;
      }
      if (atMs - lookedMs >= LOOK_MS) {
        const isTooFull = full / frames >= TOO_FULL;
        lookAgain(atMs);
        if (isTooFull && rung < rungs - 1) {
          if (atMs - steppedUpMs < TRIAL_MS) {
            patienceMs = Math.min(MOST_PATIENCE_MS, patienceMs * 2);
          }
          rung++;
          return;
        }
      }
      if (atMs - steppedUpMs >= TRIAL_MS && rung === 0) patienceMs = PATIENCE_MS;
      if (rung > 0 && atMs - lastFullMs >= patienceMs) {
        rung--;
        steppedUpMs = atMs;
        lastFullMs = atMs;
        lookAgain(atMs);
      }
    },
  };
}
