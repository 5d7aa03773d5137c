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
  /** What packets wait in queues of the road. @defaultValue 0 */
  readonly queueMs?: number;
}

/** What a {@link Retransmitter} is made with. */
export interface RetransmitterOptions {
  /** Sends a packet again after so many milliseconds, through the pacer; undefined from `resend` means it is forgotten. */
  readonly repeat: (resend: (atMs: number) => SentNumbers | undefined, afterMs: number) => void;
  readonly resend: (sequenceNumber: number) => SentNumbers | undefined;
}

/** 6 s of 170 packets a second; a power of two. */
const SLOTS = 1_024;
/** Share of the road that repetitions may take, and how many times the share that is lost where that is more. */
const [BUDGET, MOST_BUDGET, BUDGET_BY_LOSS] = [0.25, 0.4, 8];
/** A frame that is repaired later than this is too old to be shown. */
const MOST_AGE_MS = 800;
const WINDOW_MS = 1_000;
const MISSED_WINDOW_MS = 300;
/** Where repetitions are told of, what asks for one again says nothing before they would be. */
const TOLD_AFTER_MS = 20;
/** What a key frame takes of the road. */
const KEY_FRAME_COST_MS = 200;
/** Above, a repetition is sent twice: its loss would cost one more time there and back. */
const TWICE_FROM_LOSS = 0.025;
const TWICE_FROM_RTT_MS = 45;
/** What is lost in a row is lost within a few milliseconds. */
const TWICE_AFTER_MS = 12;
const TWICE_WHILE_LEFT = 0.3;

/** Makes a retransmitter that remembers nothing yet. */
export function createRetransmitter({ repeat, resend }: RetransmitterOptions): Retransmitter {
  const numbers = new Int32Array(SLOTS).fill(-1);
  const sizes = new Float64Array(SLOTS);
  const sentAt = new Float64Array(SLOTS);
  /** Of the last repetition; -1 for none. */
  const repeatedAt = new Float64Array(SLOTS);
  const hasCome = new Uint8Array(SLOTS);
  const lastTransport = new Int32Array(SLOTS);
  /** Transport number to number in the stream. */
  const byTransport = new Int32Array(SLOTS * 2).fill(-1);
  const transportNumbers = new Int32Array(SLOTS * 2).fill(-1);
  const isRepeated = new Uint8Array(SLOTS * 2);
  const spent: { readonly atMs: number; readonly bytes: number }[] = [];
  let missed: { readonly atMs: number; readonly bytes: number }[] = [];
  let missedBytes = 0;
  let floor: number | undefined;
  let [isBroken, repeated] = [false, 0];
  /** Some viewers tell nothing of repetitions, which looks as if none of them came. */
  let isTellingOfRepetitions = false;

  const spentBytes = (atMs: number): number => {
    while ((spent[0]?.atMs ?? atMs) < atMs - WINDOW_MS) spent.shift();
    let bytes = 0;
    for (const each of spent) bytes += each.bytes;
    return bytes;
  };
  const noteTransport = (slot: number, sent: SentNumbers, isRepetition: boolean): void => {
    const { transportSequenceNumber: number } = sent;
    lastTransport[slot] = number ?? -1;
    if (number === undefined) return;
    transportNumbers[number & (2 * SLOTS - 1)] = number;
    isRepeated[number & (2 * SLOTS - 1)] = isRepetition ? 1 : 0;
    byTransport[number & (2 * SLOTS - 1)] = numbers[slot] as number;
  };
  const again = (slot: number, sequenceNumber: number, afterMs: number): void => {
    repeat((atMs) => {
      const sent = resend(sequenceNumber);
      if (!sent) return undefined;
      repeated += 1;
      spent.push({ atMs, bytes: sent.sizeBytes });
      if (numbers[slot] === sequenceNumber) noteTransport(slot, sent, true);
      return sent;
    }, afterMs);
  };
  const isBehind = (sequenceNumber: number): boolean =>
    floor !== undefined && ((sequenceNumber - floor) & 0xffff) >= 0x8000;

  /** A queue that was full drops many at once: a key frame is cheaper than all of them. */
  const isTooMuch = (sizeBytes: number, { atMs, targetBitrate }: RoadSituation): boolean => {
    // No more of them than packets that can be missed: a viewer may ask for the same over and over.
    while ((missed[0]?.atMs ?? atMs) < atMs - MISSED_WINDOW_MS || missed.length >= SLOTS) {
      missedBytes -= missed.shift()?.bytes ?? 0;
    }
    missed.push({ atMs, bytes: sizeBytes });
    missedBytes += sizeBytes;
    return missedBytes > Math.max(6_000, (targetBitrate * KEY_FRAME_COST_MS) / 8_000);
  };

  const repair = (sequenceNumber: number, road: RoadSituation, isRepetitionLost: boolean): void => {
    if (isBehind(sequenceNumber)) return;
    const { atMs, rttMs, lossRatio, targetBitrate, queueMs = 0 } = road;
    const slot = sequenceNumber & (SLOTS - 1);
    // What was never sent cannot be missed; what is forgotten cannot be repaired.
    if (numbers[slot] !== sequenceNumber) return;
    const lastMs = repeatedAt[slot] as number;
    // Asked before the repetition can have come.
    const comesAfterMs =
      Math.max(20, rttMs ?? 50) + queueMs + (isTellingOfRepetitions ? TOLD_AFTER_MS : 0);
    if (lastMs >= 0 && !isRepetitionLost && atMs - lastMs < comesAfterMs) return;
    if (hasCome[slot] === 1) return;
    if (road.isCongested || atMs - (sentAt[slot] as number) > MOST_AGE_MS) {
      isBroken = true;
      return;
    }
    if (lastMs < 0 && isTooMuch(sizes[slot] as number, road)) {
      isBroken = true;
      return;
    }
    const share = Math.min(MOST_BUDGET, Math.max(BUDGET, lossRatio * BUDGET_BY_LOSS));
    const budgetBytes = Math.max(12_000, (targetBitrate * share * WINDOW_MS) / 8_000);
    const left = budgetBytes - spentBytes(atMs);
    if (left < (sizes[slot] as number)) {
      // Too much is missing: a key frame is cheaper.
      if (atMs - (sentAt[slot] as number) > MOST_AGE_MS / 2) isBroken = true;
      return;
    }
    repeatedAt[slot] = atMs;
    again(slot, sequenceNumber, 0);
    const isFar = (rttMs ?? 0) > TWICE_FROM_RTT_MS;
    if (isFar && lossRatio > TWICE_FROM_LOSS && left > budgetBytes * TWICE_WHILE_LEFT)
      again(slot, sequenceNumber, TWICE_AFTER_MS);
  };

  return {
    onSent(sent, atMs) {
      const slot = sent.sequenceNumber & (SLOTS - 1);
      numbers[slot] = sent.sequenceNumber;
      sizes[slot] = sent.sizeBytes;
      sentAt[slot] = atMs;
      repeatedAt[slot] = -1;
      hasCome[slot] = 0;
      noteTransport(slot, sent, false);
    },
    onKeyFrame(sequenceNumber) {
      floor = sequenceNumber;
      [missed, missedBytes] = [[], 0];
      isBroken = false;
    },
    onNack(sequenceNumbers, road) {
      for (const number of sequenceNumbers) repair(number, road, false);
    },
    onFeedback({ packets }, road) {
      for (const { transportSequenceNumber: number, receivedAtUs } of packets) {
        const at = number & (2 * SLOTS - 1);
        if (transportNumbers[at] !== number) continue;
        const sequenceNumber = byTransport[at] as number;
        if (receivedAtUs !== null) {
          isTellingOfRepetitions ||= isRepeated[at] === 1;
          const known = sequenceNumber & (SLOTS - 1);
          if (numbers[known] === sequenceNumber) hasCome[known] = 1;
          continue;
        }
        // Each is told as lost once: a number that is told again says nothing new.
        transportNumbers[at] = -1;
        const slot = sequenceNumber & (SLOTS - 1);
        const isRepetition = (repeatedAt[slot] as number) >= 0;
        // Where the viewer asked first, it has been sent again already.
        if (isRepetition && (lastTransport[slot] !== number || !isTellingOfRepetitions)) continue;
        repair(sequenceNumber, road, isRepetition);
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
