import { type Arrival, createHoldUps } from "./hold-ups.ts";
import type { TransportFeedback } from "./transport-feedback.ts";

/** What was sent to one viewer, and what it said of it. */
export interface ArrivalWindow {
  onSent(packet: {
    readonly transportSequenceNumber: number;
    readonly sizeBytes: number;
    readonly atMs: number;
    readonly isRepetition?: boolean;
  }): void;
  /** The sender stood still for so long: nothing could be heard. */
  onStandstill(durationMs: number, atMs: number): void;
  /** Returns whether it said anything that was not known. */
  onFeedback(feedback: TransportFeedback, atMs: number): boolean;
  /** What every packet of the last tenth of a second has waited at least, in milliseconds. */
  readonly standingMs: number;
  /** The same of the last frame only. */
  readonly newestMs: number;
  /** Share lost in the last two seconds. */
  readonly loss: number;
  /** Packets that this share is of. */
  readonly judged: number;
  /** Share lost over long, while no queue stood. */
  readonly usualLoss: number;
  /** Whether the last report told anything of queues: packets that lay ready at the viewer do not. */
  readonly isEvidence: boolean;
  /** Whether all that the last report told of had come, and some of it had lain ready at the viewer. */
  readonly isHeldUp: boolean;
  /** Bits a second that came. */
  readonly ackedBitrate: number;
  /** Bits a second that came while others waited behind them: what the narrow place carries. */
  readonly carriedBitrate: number;
  /** The same as far as the packets of single frames tell it, while no queue stands; null when they tell too little. */
  readonly trainBitrate: number | null;
  /** There and back, with what the viewer waited before it told; null before anything was told. */
  readonly rttMs: number | null;
  /** For how long something has been sent of which nothing was heard, in milliseconds. */
  unansweredMs(atMs: number): number;
  /** Begins to count anew what is lost. */
  forgetLoss(): void;
  /** Takes the present delay for that of an empty road. */
  rebase(): void;
}

/** 12 s of 170 packets a second; a power of two. */
const SLOTS = 2_048;
const [OPEN, LOST, CAME, UNTOLD] = [1, 2, 3, 4];
const BASE_WINDOW_MS = 15_000;
const BASE_STEP_MS = 500;
const KEPT_MS = 600;
const LOSS_WINDOW_MS = 2_000;
/** How far back is looked for packets that were not held up, before those are believed that were. */
const LOOK_BACK_MS = [100, 200, 400];
/** Some machines read everything in heaps: after so many reports of nothing else, these are what there is to go by. */
const MOST_BLIND = 8;
/** A clock that jumps so far was set, or another viewer's machine took over. */
const JUMP_MS = 10_000;

/** Makes an empty window. */
export function createArrivalWindow(): ArrivalWindow {
  const numbers = new Int32Array(SLOTS).fill(-1);
  const states = new Uint8Array(SLOTS);
  const sizes = new Float64Array(SLOTS);
  const sentAt = new Float64Array(SLOTS);
  const areRepeated = new Uint8Array(SLOTS);
  /** Some viewers tell nothing of packets that were sent again, which looks as if none of them came. */
  let tellsOfRepetitions = false;
  let arrivals: Arrival[] = [];
  let outcomes: { readonly atMs: number; readonly came: number; readonly lost: number }[] = [];
  let base: { readonly atMs: number; delayMs: number }[] = [];
  let rtts: number[] = [];
  let [standingMs, newestMs, loss, usualLoss, ackedBitrate, carriedBitrate] = [0, 0, 0, 0, 0, 0];
  let [lastMs, newestReceivedMs] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let unansweredSinceMs: number | undefined;
  let judged = 0;
  let trainBitrate: number | null = null;
  const holdUps = createHoldUps();
  let isHeldUp = false;
  /** Reports in a row that told of nothing but packets that were held up. */
  let blind = 0;
  let [isEvidence, evidenceMs] = [true, Number.NEGATIVE_INFINITY];

  const forget = (): void => {
    arrivals = [];
    base = [];
    holdUps.forget();
    newestReceivedMs = Number.NEGATIVE_INFINITY;
    evidenceMs = Number.NEGATIVE_INFINITY;
  };
  const noteDelay = (delayMs: number, atMs: number): void => {
    const last = base.at(-1);
    if (last && atMs - last.atMs < BASE_STEP_MS) last.delayMs = Math.min(last.delayMs, delayMs);
    else base.push({ atMs, delayMs });
    while ((base[0]?.atMs ?? atMs) < atMs - BASE_WINDOW_MS) base.shift();
  };
  const baseMs = (): number => {
    let lowest = Number.POSITIVE_INFINITY;
    for (const { delayMs } of base) lowest = Math.min(lowest, delayMs);
    return lowest;
  };
  const leastDelay = (sinceMs: number, isAnyGood: boolean): number => {
    let lowest = Number.POSITIVE_INFINITY;
    for (const { sentMs, receivedMs, isHeldUp } of arrivals) {
      if (receivedMs < sinceMs || (isHeldUp && !isAnyGood)) continue;
      lowest = Math.min(lowest, receivedMs - sentMs);
    }
    return lowest;
  };
  /**
   * The least delay of the last so many milliseconds, or of those before where all in them were held up. Held up or
   * not, no packet waited less on the road than it did altogether.
   */
  const recentDelay = (windowMs: number, isBlind: boolean): number => {
    const mostMs = leastDelay(newestReceivedMs - windowMs, true);
    if (isBlind) return mostMs;
    for (const backMs of [windowMs, ...LOOK_BACK_MS]) {
      const delayMs = leastDelay(newestReceivedMs - backMs, false);
      if (delayMs < Number.POSITIVE_INFINITY) return Math.min(delayMs, mostMs);
    }
    return mostMs;
  };
  const weigh = (atMs: number): void => {
    outcomes = outcomes.filter((outcome) => outcome.atMs > atMs - LOSS_WINDOW_MS);
    let [came, lost] = [0, 0];
    for (const outcome of outcomes) {
      came += outcome.came;
      lost += outcome.lost;
    }
    lost = Math.max(0, lost);
    judged = came + lost;
    loss = came + lost < 20 ? loss * 0.9 : lost / (came + lost);
    if (standingMs < 15) usualLoss += (loss - usualLoss) * 0.02;
  };
  const measure = (): void => {
    const emptyMs = baseMs();
    // No more than are known, whatever times a viewer says that they came at.
    arrivals = arrivals
      .slice(-SLOTS)
      .filter(({ receivedMs }) => receivedMs > newestReceivedMs - KEPT_MS);
    let freeMs = Number.NEGATIVE_INFINITY;
    for (const { receivedMs, isHeldUp } of arrivals) {
      if (!isHeldUp) freeMs = Math.max(freeMs, receivedMs);
    }
    const isFresh = freeMs > evidenceMs;
    evidenceMs = Math.max(evidenceMs, freeMs);
    blind = isFresh ? 0 : blind + 1;
    // A very narrow place gives them with such gaps as well, but never two at once.
    const areAllHeldUp = holdUps.areAlone && newestReceivedMs - freeMs > (LOOK_BACK_MS.at(-1) ?? 0);
    const isBlind = areAllHeldUp || blind >= MOST_BLIND;
    const standingBefore = standingMs;
    standingMs = recentDelay(100, isBlind) - emptyMs;
    newestMs = recentDelay(35, isBlind) - emptyMs;
    isEvidence = isFresh || isBlind || standingMs < standingBefore;
    let [first, bits, busyBits, busyMs] = [newestReceivedMs, 0, 0, 0];
    let before: Arrival | undefined;
    for (const arrival of arrivals) {
      if (arrival.receivedMs > newestReceivedMs - 500) {
        // What came with the first had its time before it.
        if (arrival.receivedMs > first) bits += arrival.bits;
        first = Math.min(first, arrival.receivedMs);
      }
      if (
        before &&
        (areAllHeldUp || !arrival.isHeldUp) &&
        arrival.receivedMs > newestReceivedMs - 350
      ) {
        const gapMs = arrival.receivedMs - before.receivedMs;
        // It would have come before the other one, had it not waited behind it.
        if (gapMs >= 0 && arrival.sentMs + emptyMs < before.receivedMs - 1) {
          busyBits += arrival.bits;
          busyMs += gapMs;
        }
      }
      before = arrival;
    }
    const spanMs = newestReceivedMs - first;
    if (spanMs > 100) ackedBitrate = (bits * 1000) / spanMs;
    trainBitrate = busyBits > 30_000 ? (busyBits * 1000) / Math.max(1, busyMs) : null;
    carriedBitrate = trainBitrate !== null && busyMs > 30 ? trainBitrate : ackedBitrate;
  };

  return {
    onSent({ transportSequenceNumber, sizeBytes, atMs, isRepetition = false }) {
      const slot = transportSequenceNumber & (SLOTS - 1);
      numbers[slot] = transportSequenceNumber;
      states[slot] = OPEN;
      sizes[slot] = sizeBytes;
      sentAt[slot] = atMs;
      areRepeated[slot] = isRepetition ? 1 : 0;
      unansweredSinceMs ??= atMs;
    },
    onStandstill(durationMs, atMs) {
      if (unansweredSinceMs === undefined) return;
      unansweredSinceMs = Math.min(atMs, unansweredSinceMs + durationMs);
    },
    onFeedback({ packets }, givenMs) {
      const atMs = Math.max(givenMs, lastMs);
      lastMs = atMs;
      let [came, lost] = [0, 0];
      let newestSentMs: number | undefined;
      for (const { transportSequenceNumber, receivedAtUs } of packets) {
        const slot = transportSequenceNumber & (SLOTS - 1);
        if (numbers[slot] !== transportSequenceNumber || states[slot] === CAME) continue;
        const isRepetition = areRepeated[slot] === 1;
        if (receivedAtUs === null) {
          if (states[slot] !== OPEN) continue;
          const isTold = !isRepetition || tellsOfRepetitions;
          if (isTold) lost += 1;
          states[slot] = isTold ? LOST : UNTOLD;
          continue;
        }
        if (isRepetition) tellsOfRepetitions = true;
        // It was late, not lost.
        if (states[slot] === LOST) lost -= 1;
        states[slot] = CAME;
        came += 1;
        const sentMs = sentAt[slot] as number;
        const receivedMs = receivedAtUs / 1_000;
        if (Math.abs(receivedMs - newestReceivedMs) > JUMP_MS) forget();
        newestReceivedMs = Math.max(newestReceivedMs, receivedMs);
        newestSentMs = Math.max(newestSentMs ?? sentMs, sentMs);
        const bits = (sizes[slot] as number) * 8;
        const arrival = { sentMs, receivedMs, bits, isHeldUp: false };
        holdUps.note(arrival, receivedMs - sentMs - baseMs());
        arrivals.push(arrival);
        noteDelay(receivedMs - sentMs, atMs);
      }
      if (came === 0 && lost === 0) return false;
      isHeldUp = holdUps.takeReady() && lost <= 0;
      outcomes.push({ atMs, came, lost });
      unansweredSinceMs = undefined;
      if (newestSentMs !== undefined) {
        rtts = [...rtts.slice(-7), Math.max(0, atMs - newestSentMs)];
        measure();
      }
      weigh(atMs);
      return true;
    },
    get standingMs() {
      return standingMs;
    },
    get newestMs() {
      return newestMs;
    },
    get isHeldUp() {
      return isHeldUp;
    },
    get isEvidence() {
      return isEvidence;
    },
    get loss() {
      return loss;
    },
    get judged() {
      return judged;
    },
    get usualLoss() {
      return usualLoss;
    },
    get ackedBitrate() {
      return ackedBitrate;
    },
    get carriedBitrate() {
      return carriedBitrate;
    },
    get trainBitrate() {
      return trainBitrate;
    },
    get rttMs() {
      return rtts.length === 0 ? null : Math.min(...rtts);
    },
    unansweredMs: (atMs) => (unansweredSinceMs === undefined ? 0 : atMs - unansweredSinceMs),
    forgetLoss() {
      outcomes = [];
      loss = usualLoss;
    },
    rebase() {
      const delayMs = recentDelay(100, false);
      base = [{ atMs: lastMs, delayMs }];
      measure();
    },
  };
}
