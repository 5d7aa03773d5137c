/** One packet that came. Times of both clocks in milliseconds. */
export interface Arrival {
  readonly sentMs: number;
  readonly receivedMs: number;
  readonly bits: number;
  /** It lay ready while the viewer's machine did something else, so that its time says nothing of the road. */
  isHeldUp: boolean;
}

/**
 * Tells packets that lay ready at a viewer whose machine stood still from those that waited on the road: a narrow
 * place gives packets one after another, a machine that goes on reads all at once.
 */
export interface HoldUps {
  /**
   * Marks the packet, and those that came at once with it, where they were held up.
   *
   * @param waitedMs - how much longer it took than over an empty road
   */
  note(arrival: Arrival, waitedMs: number): void;
  /** Whether several that were sent over some time have lain ready, since this was last asked. */
  takeReady(): boolean;
  /** Whether packets come one by one: a very narrow place leaves gaps between them that look like hold-ups. */
  readonly areAlone: boolean;
  forget(): void;
}

/** Sent over so long a time, and come with no more than this between them. */
const [HELD_UP_MS, AT_ONCE_MS] = [20, 0.5];
/** One that waited so much longer than the one before it says nothing before another comes after it, alone. */
const HOLD_UP_FROM_MS = 30;
const MANY_ALONE = 5;

/** Makes one that has seen nothing yet. */
export function createHoldUps(): HoldUps {
  /** Those that came at once with the newest one. */
  let together: Arrival[] = [];
  let [alone, isReady] = [0, false];
  return {
    note(arrival, waitedMs) {
      const before = together.at(-1);
      const gapMs = before ? arrival.receivedMs - before.receivedMs : 0;
      const jumpMs = before ? gapMs - (arrival.sentMs - before.sentMs) : 0;
      // One that came after others that were held up has jumped, though not compared with them.
      const hasJumped = (before?.isHeldUp ? Math.min(gapMs, waitedMs) : jumpMs) >= HOLD_UP_FROM_MS;
      const isTogether = Math.abs(gapMs) <= AT_ONCE_MS;
      const isWithHeldUp = isTogether && before?.isHeldUp === true;
      if (!isTogether) {
        alone = together.length === 1 ? alone + 1 : 0;
        together = [];
      }
      together.push(arrival);
      const { sentMs, receivedMs } = together[0] as Arrival;
      // A fast sender on a fast road has packets close together as well, at both ends.
      const wereReady = arrival.sentMs - sentMs - (arrival.receivedMs - receivedMs) >= HELD_UP_MS;
      if (!hasJumped && !isWithHeldUp && !wereReady) return;
      for (const each of together) each.isHeldUp = true;
      // Those between are marked and not looked at any more: a viewer may say of all it gets that it came at once.
      together.splice(1, together.length - 2);
      isReady ||= wereReady;
    },
    takeReady() {
      const wasReady = isReady;
      isReady = false;
      return wasReady;
    },
    get areAlone() {
      return alone >= MANY_ALONE && together.length === 1;
    },
    forget() {
      together = [];
      alone = 0;
    },
  };
}
