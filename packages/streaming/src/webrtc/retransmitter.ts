import type { SentNumbers } from "./peer-transport.ts";
import type { TransportFeedback } from "./transport-feedback.ts";

/** Decides which packets one viewer is sent again. */
export interface Retransmitter {
  /** Remembers a packet that was sent the first time. */
  onSent(numbers: SentNumbers, atMs: number): void;
  /** What came before this one need not be repaired any more: a key frame begins with it. */
  onKeyFrame(sequenceNumber: number): void;
  /** The viewer misses packets. */
  onNack(sequenceNumbers: readonly number[], road: RoadSituation): void;
  /** What did not come, by the numbers over all packets: known without the viewer asking, repetitions included. */
  onFeedback(feedback: TransportFeedback, road: RoadSituation): void;
  /** Bits a second of repetitions lately. */
  repeatedBitrate(atMs: number): number;
  /** Whether something is missing that will not be sent again, so that only a key frame helps. */
  readonly isBroken: boolean;
  /** Sent again since the beginning. */
  readonly repeated: number;
}

/** What a {@link Retransmitter} goes by. */
export interface RoadSituation {
  readonly atMs: number;
  readonly targetBitrate: number;
  readonly rttMs: number | null;
  readonly lossRatio: number;
  readonly isCongested: boolean;
}

/** What a {@link Retransmitter} is made with. */
export interface RetransmitterOptions {
  /** Sends a packet again as soon as may be, through the pacer; undefined from `resend` means it is forgotten. */
  readonly repeat: (
    resend: (atMs: number) => SentNumbers | undefined,
    sequenceNumber: number,
  ) => void;
  readonly resend: (sequenceNumber: number) => SentNumbers | undefined;
}

/** 6 s of 170 packets a second; a power of two. */
const SLOTS = 1_024;
/** Share of the road that repetitions may take. */
const BUDGET = 0.2;
/** A frame that is repaired later than this is too old to be shown. */
const MOST_AGE_MS = 800;
const WINDOW_MS = 1_000;
/** Above, a repetition is sent twice: its loss would cost one more time there and back. */
const TWICE_FROM_LOSS = 0.03;

/** Makes a retransmitter that remembers nothing yet. */
export function createRetransmitter({ repeat, resend }: RetransmitterOptions): Retransmitter {
  const numbers = new Int32Array(SLOTS).fill(-1);
  const sizes = new Float64Array(SLOTS);
  const sentAt = new Float64Array(SLOTS);
  /** Of the last repetition; -1 for none. */
  const repeatedAt = new Float64Array(SLOTS);
  const lastTransport = new Int32Array(SLOTS);
  /** Transport number to number in the stream. */
  const byTransport = new Int32Array(SLOTS * 2).fill(-1);
  const transportNumbers = new Int32Array(SLOTS * 2).fill(-1);
  const spent: { readonly atMs: number; readonly bytes: number }[] = [];
  let floor: number | undefined;
  let [isBroken, repeated] = [false, 0];

  const spentBytes = (atMs: number): number => {
    while ((spent[0]?.atMs ?? atMs) < atMs - WINDOW_MS) spent.shift();
    let bytes = 0;
    for (const each of spent) bytes += each.bytes;
    return bytes;
  };
  const noteTransport = (slot: number, sent: SentNumbers): void => {
    const { transportSequenceNumber: number } = sent;
    lastTransport[slot] = number ?? -1;
    if (number === undefined) return;
    transportNumbers[number & (2 * SLOTS - 1)] = number;
    byTransport[number & (2 * SLOTS - 1)] = numbers[slot] as number;
  };
  const again = (slot: number, sequenceNumber: number): void => {
    repeat((atMs) => {
      const sent = resend(sequenceNumber);
      if (!sent) return undefined;
      repeated += 1;
      spent.push({ atMs, bytes: sent.sizeBytes });
      if (numbers[slot] === sequenceNumber) noteTransport(slot, sent);
      return sent;
    }, sequenceNumber);
  };
  const isBehind = (sequenceNumber: number): boolean =>
    floor !== undefined && ((sequenceNumber - floor) & 0xffff) >= 0x8000;

  const repair = (sequenceNumber: number, road: RoadSituation, isRepetitionLost: boolean): void => {
    if (isBehind(sequenceNumber)) return;
    const { atMs, rttMs, lossRatio, targetBitrate } = road;
    const slot = sequenceNumber & (SLOTS - 1);
    // What was never sent cannot be missed; what is forgotten cannot be repaired.
    if (numbers[slot] !== sequenceNumber) return;
    const lastMs = repeatedAt[slot] as number;
    if (lastMs >= 0 && !isRepetitionLost && atMs - lastMs < Math.max(20, rttMs ?? 50)) return;
    if (road.isCongested || atMs - (sentAt[slot] as number) > MOST_AGE_MS) {
      isBroken = true;
      return;
    }
    const budgetBytes = Math.max(12_000, (targetBitrate * BUDGET * WINDOW_MS) / 8_000);
    const left = budgetBytes - spentBytes(atMs);
    if (left < (sizes[slot] as number)) {
      // Too much is missing: a key frame is cheaper.
      if (atMs - (sentAt[slot] as number) > MOST_AGE_MS / 2) isBroken = true;
      return;
    }
    repeatedAt[slot] = atMs;
    again(slot, sequenceNumber);
    if (lossRatio > TWICE_FROM_LOSS && left > budgetBytes / 2) again(slot, sequenceNumber);
  };

  return {
    onSent(sent, atMs) {
      const slot = sent.sequenceNumber & (SLOTS - 1);
      numbers[slot] = sent.sequenceNumber;
      sizes[slot] = sent.sizeBytes;
      sentAt[slot] = atMs;
      repeatedAt[slot] = -1;
      noteTransport(slot, sent);
    },
    onKeyFrame(sequenceNumber) {
      floor = sequenceNumber;
      isBroken = false;
    },
    onNack(sequenceNumbers, road) {
      for (const number of sequenceNumbers) repair(number, road, false);
    },
    onFeedback({ packets }, road) {
      for (const { transportSequenceNumber: number, receivedAtUs } of packets) {
        if (receivedAtUs !== null) continue;
        const at = number & (2 * SLOTS - 1);
        if (transportNumbers[at] !== number) continue;
        const sequenceNumber = byTransport[at] as number;
        // Each is told as lost once: a number that is told again says nothing new.
        transportNumbers[at] = -1;
        const slot = sequenceNumber & (SLOTS - 1);
        repair(sequenceNumber, road, lastTransport[slot] === number);
      }
    },
    repeatedBitrate: (atMs) => (spentBytes(atMs) * 8_000) / WINDOW_MS,
    get isBroken() {
      return isBroken;
    },
    get repeated() {
      return repeated;
    },
  };
}
