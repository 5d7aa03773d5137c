import type { TransportFeedback } from "./transport-feedback.ts";

/** What was sent to one viewer, and what it said of it. */
export interface ArrivalWindow {
  onSent(packet: {
    readonly transportSequenceNumber: number;
    readonly sizeBytes: number;
    readonly atMs: number;
  }): void;
  /** Returns whether it said anything that was not known. */
  onFeedback(feedback: TransportFeedback, atMs: number): boolean;
  /** What every packet of the last tenth of a second has waited at least, in milliseconds. */
  readonly standingMs: number;
  /** The same of the last frame only. */
  readonly newestMs: number;
  /** Share lost in the last two seconds. */
  readonly loss: number;
  /** Share lost over long, while no queue stood. */
  readonly usualLoss: number;
  /** Bits a second that came. */
  readonly ackedBitrate: number;
  /** Bits a second that came while others waited behind them: what the narrow place carries. */
  readonly carriedBitrate: number;
  /** There and back, with what the viewer waited before it told; null before anything was told. */
  readonly rttMs: number | null;
  /** For how long something has been sent of which nothing was heard, in milliseconds. */
  unansweredMs(atMs: number): number;
  /** Takes the present delay for that of an empty road. */
  rebase(): void;
}

/** One packet that came. Times of both clocks in milliseconds. */
interface Arrival {
  readonly sentMs: number;
  readonly receivedMs: number;
  readonly bits: number;
}

/** 12 s of 170 packets a second; a power of two. */
const SLOTS = 2_048;
const [OPEN, LOST, CAME] = [1, 2, 3];
const BASE_WINDOW_MS = 15_000;
const BASE_STEP_MS = 500;
const KEPT_MS = 600;
const LOSS_WINDOW_MS = 2_000;
/** A clock that jumps so far was set, or another viewer's machine took over. */
const JUMP_MS = 10_000;

/** Makes an empty window. */
export function createArrivalWindow(): ArrivalWindow {
  const numbers = new Int32Array(SLOTS).fill(-1);
  const states = new Uint8Array(SLOTS);
  const sizes = new Float64Array(SLOTS);
  const sentAt = new Float64Array(SLOTS);
  let arrivals: Arrival[] = [];
  let outcomes: { readonly atMs: number; readonly came: number; readonly lost: number }[] = [];
  let base: { readonly atMs: number; delayMs: number }[] = [];
  let rtts: number[] = [];
  let [standingMs, newestMs, loss, usualLoss, ackedBitrate, carriedBitrate] = [0, 0, 0, 0, 0, 0];
  let [lastMs, newestReceivedMs] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let unansweredSinceMs: number | undefined;

  const forget = (): void => {
    arrivals = [];
    base = [];
    newestReceivedMs = Number.NEGATIVE_INFINITY;
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
  const leastDelay = (sinceMs: number): number => {
    let lowest = Number.POSITIVE_INFINITY;
    for (const { sentMs, receivedMs } of arrivals) {
      if (receivedMs >= sinceMs) lowest = Math.min(lowest, receivedMs - sentMs);
    }
    return lowest;
  };
  const weigh = (atMs: number): void => {
    outcomes = outcomes.filter((outcome) => outcome.atMs > atMs - LOSS_WINDOW_MS);
    let [came, lost] = [0, 0];
    for (const outcome of outcomes) {
      came += outcome.came;
      lost += outcome.lost;
    }
    lost = Math.max(0, lost);
    loss = came + lost < 20 ? loss * 0.9 : lost / (came + lost);
    if (standingMs < 15) usualLoss += (loss - usualLoss) * 0.02;
  };
  const measure = (): void => {
    const emptyMs = baseMs();
    arrivals = arrivals.filter(({ receivedMs }) => receivedMs > newestReceivedMs - KEPT_MS);
    standingMs = leastDelay(newestReceivedMs - 100) - emptyMs;
    newestMs = leastDelay(newestReceivedMs - 35) - emptyMs;
    let [first, bits, busyBits, busyMs] = [newestReceivedMs, 0, 0, 0];
    let before: Arrival | undefined;
    for (const arrival of arrivals) {
      if (arrival.receivedMs > newestReceivedMs - 500) {
        // What came with the first had its time before it.
        if (arrival.receivedMs > first) bits += arrival.bits;
        first = Math.min(first, arrival.receivedMs);
      }
      if (before && arrival.receivedMs > newestReceivedMs - 350) {
        const gapMs = arrival.receivedMs - before.receivedMs;
        // It would have come before the other one, had it not waited behind it.
        if (gapMs > 0 && arrival.sentMs + emptyMs < before.receivedMs - 1) {
          busyBits += arrival.bits;
          busyMs += gapMs;
        }
      }
      before = arrival;
    }
    const spanMs = newestReceivedMs - first;
    if (spanMs > 100) ackedBitrate = (bits * 1000) / spanMs;
    carriedBitrate = busyBits > 40_000 && busyMs > 30 ? (busyBits * 1000) / busyMs : ackedBitrate;
  };

  return {
    onSent({ transportSequenceNumber, sizeBytes, atMs }) {
      const slot = transportSequenceNumber & (SLOTS - 1);
      numbers[slot] = transportSequenceNumber;
      states[slot] = OPEN;
      sizes[slot] = sizeBytes;
      sentAt[slot] = atMs;
      unansweredSinceMs ??= atMs;
    },
    onFeedback({ packets }, givenMs) {
      const atMs = Math.max(givenMs, lastMs);
      lastMs = atMs;
      let [came, lost] = [0, 0];
      let newestSentMs: number | undefined;
      for (const { transportSequenceNumber, receivedAtUs } of packets) {
        const slot = transportSequenceNumber & (SLOTS - 1);
        if (numbers[slot] !== transportSequenceNumber || states[slot] === CAME) continue;
        if (receivedAtUs === null) {
          if (states[slot] === OPEN) lost += 1;
          states[slot] = LOST;
          continue;
        }
        // It was late, not lost.
        if (states[slot] === LOST) lost -= 1;
        states[slot] = CAME;
        came += 1;
        const sentMs = sentAt[slot] as number;
        const receivedMs = receivedAtUs / 1_000;
        if (Math.abs(receivedMs - newestReceivedMs) > JUMP_MS) forget();
        newestReceivedMs = Math.max(newestReceivedMs, receivedMs);
        newestSentMs = Math.max(newestSentMs ?? sentMs, sentMs);
        arrivals.push({ sentMs, receivedMs, bits: (sizes[slot] as number) * 8 });
        noteDelay(receivedMs - sentMs, atMs);
      }
      if (came === 0 && lost === 0) return false;
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
    get loss() {
      return loss;
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
    get rttMs() {
      return rtts.length === 0 ? null : Math.min(...rtts);
    },
    unansweredMs: (atMs) => (unansweredSinceMs === undefined ? 0 : atMs - unansweredSinceMs),
    rebase() {
      const delayMs = leastDelay(newestReceivedMs - 100);
      base = [{ atMs: lastMs, delayMs }];
      measure();
    },
  };
}
