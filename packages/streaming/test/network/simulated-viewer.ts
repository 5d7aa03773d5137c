import type { PacketFeedback } from "../../src/webrtc/transport-feedback.ts";

/** A packet on its way to a {@link SimulatedViewer}. */
export interface SimulatedPacket {
  readonly sequenceNumber: number;
  readonly transportSequenceNumber: number;
  readonly frame: SimulatedFrame;
  readonly isRepetition: boolean;
}

/** A frame as it was sent. */
export interface SimulatedFrame {
  /** Of those that were encoded. */
  readonly number: number;
  readonly isKey: boolean;
  readonly packets: number;
  readonly sizeBytes: number;
  readonly capturedAtMs: number;
  /** Number of the first packet, in the stream, without going round. */
  readonly firstPacket: number;
}

/** A viewer as Chromium is one: asks at once for what it misses, shows what is whole, waits for nothing else. */
export interface SimulatedViewer {
  receive(packet: SimulatedPacket, atMs: number): void;
  /** Every 20 ms: asks again. */
  tick(atMs: number): void;
  /** Every 50 ms: what came; undefined when nothing did. */
  feedback(): readonly PacketFeedback[] | undefined;
  readonly shown: readonly { readonly frame: SimulatedFrame; readonly atMs: number }[];
  /** Frames whose reference was never sent: a fault of the sender. */
  readonly broken: number;
}

/** How a {@link SimulatedViewer} asks. */
export interface ViewerQuestions {
  readonly nack: (sequenceNumbers: readonly number[]) => void;
  readonly keyFrame: () => void;
}

/** A viewer that only receives does not know how long the road is, and takes this for it. */
const ASK_AGAIN_MS = 100;
const MOST_TRIES = 10;
const PLI_AFTER_MS = 3_000;

/** Makes a viewer that has seen nothing yet. */
export function createSimulatedViewer(
  ask: ViewerQuestions,
  tellsOfRepetitions = true,
): SimulatedViewer {
  const received = new Set<number>();
  const missing = new Map<number, { askedMs: number; tries: number }>();
  const frames = new Map<number, { frame: SimulatedFrame; came: number }>();
  const shown: { frame: SimulatedFrame; atMs: number }[] = [];
  let [highest, lastShownPacket, lastShownMs, broken] = [-1, -1, 0, 0];
  let last: SimulatedFrame | undefined;
  const transport = new Map<number, number>();
  let [reported, highestTransport] = [-1, -1];

  const show = (atMs: number): void => {
    for (;;) {
      let next: SimulatedFrame | undefined;
      for (const { frame, came } of frames.values()) {
        if (came < frame.packets) continue;
        const follows = last !== undefined && frame.firstPacket === lastShownPacket + 1;
        if (follows || frame.isKey) if (!next || frame.firstPacket > next.firstPacket) next = frame;
        if (follows && !frame.isKey) next ??= frame;
      }
      if (!next) return;
      if (!next.isKey && last && next.number !== last.number + 1) broken += 1;
      last = next;
      lastShownPacket = next.firstPacket + next.packets - 1;
      lastShownMs = atMs;
      shown.push({ frame: next, atMs });
      for (const first of frames.keys()) if (first <= lastShownPacket) frames.delete(first);
      for (const number of missing.keys()) if (number <= lastShownPacket) missing.delete(number);
    }
  };

  return {
    receive({ sequenceNumber, transportSequenceNumber, frame, isRepetition }, atMs) {
      if (tellsOfRepetitions || !isRepetition) {
        transport.set(transportSequenceNumber, atMs);
        highestTransport = Math.max(highestTransport, transportSequenceNumber);
      }
      if (received.has(sequenceNumber) || sequenceNumber <= lastShownPacket) return;
      received.add(sequenceNumber);
      missing.delete(sequenceNumber);
      const entry = frames.get(frame.firstPacket) ?? { frame, came: 0 };
      entry.came += 1;
      frames.set(frame.firstPacket, entry);
      const gap: number[] = [];
      for (let number = highest + 1; number < sequenceNumber; number++) {
        missing.set(number, { askedMs: atMs, tries: 1 });
        gap.push(number);
      }
      highest = Math.max(highest, sequenceNumber);
      if (gap.length > 0) ask.nack(gap);
      show(atMs);
    },
    tick(atMs) {
      const again: number[] = [];
      for (const [number, entry] of missing) {
        if (atMs - entry.askedMs < ASK_AGAIN_MS) continue;
        if (entry.tries >= MOST_TRIES) {
          missing.delete(number);
          ask.keyFrame();
          continue;
        }
        entry.askedMs = atMs;
        entry.tries += 1;
        again.push(number);
      }
      if (again.length > 0) ask.nack(again);
      if (highest >= 0 && atMs - lastShownMs > PLI_AFTER_MS) {
        lastShownMs = atMs;
        ask.keyFrame();
      }
    },
    feedback() {
      if (highestTransport <= reported) return undefined;
      const packets: PacketFeedback[] = [];
      for (let number = reported + 1; number <= highestTransport; number++) {
        const atMs = transport.get(number);
        transport.delete(number);
        packets.push({
          transportSequenceNumber: number & 0xffff,
          receivedAtUs: atMs === undefined ? null : Math.round(atMs * 4) * 250 + 77_000_000,
        });
      }
      reported = highestTransport;
      return packets;
    },
    shown,
    get broken() {
      return broken;
    },
  };
}
