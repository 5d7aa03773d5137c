import type { EncodedVideoFamily } from "@millrace/media";
import type { RtpPayload } from "../peer-transport.ts";
import { type DepacketizedFrame, depacketize, isFrameStart } from "./depacketize.ts";

/** A packet that came. */
export type ReceivedPacket = RtpPayload & { readonly sequenceNumber: number };

/** A whole frame with its time. */
export interface AssembledFrame extends DepacketizedFrame {
  /** Of RTP, gone on counting past 2^32. */
  readonly timestamp: number;
}

/**
 * Puts frames together from packets that overtake each other, come twice or not at all. After a loss nothing is given
 * until the next key frame: what a decoder would make of the rest is wrong.
 */
export interface FrameAssembler {
  /** `atMs` of any clock that only goes forward. */
  push(packet: ReceivedPacket, atMs: number): readonly AssembledFrame[];
  /** Whether a key frame must be asked for. */
  readonly isKeyFrameWanted: boolean;
  /** Frames that were given up. */
  readonly framesLost: number;
}

/** A repetition takes a turn there and back; one that is not here then is given up. */
const WAIT_MS = 200;
/** Packets that wait for a missing one. */
const MOST_WAITING = 1_024;

/** Makes an assembler of one stream. */
export function createFrameAssembler(family: EncodedVideoFamily): FrameAssembler {
  const waiting = new Map<number, ReceivedPacket & { readonly atMs: number }>();
  const unwrapSequence = createUnwrapper(16);
  const unwrapTimestamp = createUnwrapper(32);
  /** The next packet of the stream that is to be looked at. */
  let next: number | undefined;
  let frame: ReceivedPacket[] = [];
  let isKeyFrameWanted = true;
  let isFrameBroken = true;
  let framesLost = 0;

  const give = (): readonly AssembledFrame[] => {
    const [first] = frame;
    const payloads = frame.map(({ data }) => data);
    frame = [];
    const whole = isFrameBroken ? undefined : depacketize(family, payloads);
    isFrameBroken = false;
    if (!first || !whole || (isKeyFrameWanted && !whole.isKey)) {
      framesLost++;
      isKeyFrameWanted = true;
      return [];
    }
    isKeyFrameWanted = false;
    return [{ ...whole, timestamp: unwrapTimestamp(first.timestamp) }];
  };
  /** What begins in the middle, as after a loss, is no frame. */
  const take = (packet: ReceivedPacket): readonly AssembledFrame[] => {
    const frames: AssembledFrame[] = [];
    const [first] = frame;
    // The last packet of the frame before did not say so, or was lost.
    if (first && first.timestamp !== packet.timestamp) frames.push(...give());
    if (frame.length === 0 && isFrameBroken && isFrameStart(family, packet.data)) {
      isFrameBroken = false;
    }
    frame.push(packet);
    if (packet.marker) frames.push(...give());
    return frames;
  };
  return {
    push(packet, atMs) {
      const sequence = unwrapSequence(packet.sequenceNumber);
      next ??= sequence;
      if (sequence < next) return [];
      waiting.set(sequence, { ...packet, atMs });
      const frames: AssembledFrame[] = [];
      for (;;) {
        const due = waiting.get(next);
        if (due) {
          waiting.delete(next);
          next++;
          frames.push(...take(due));
          continue;
        }
        if (waiting.size === 0) break;
        const oldestMs = Math.min(...[...waiting.values()].map((one) => one.atMs));
        if (atMs - oldestMs < WAIT_MS && waiting.size < MOST_WAITING) break;
        // It is lost, and with it the frame that it is of and those that refer to it.
        next = Math.min(...waiting.keys());
        isFrameBroken = true;
        isKeyFrameWanted = true;
        frame = [];
      }
      return frames;
    },
    get isKeyFrameWanted() {
      return isKeyFrameWanted;
    },
    get framesLost() {
      return framesLost;
    },
  };
}

/** Goes on counting where a counter of so many bits begins anew. */
function createUnwrapper(bits: 16 | 32): (value: number) => number {
  const turn = 2 ** bits;
  let last: number | undefined;
  return (value) => {
    if (last === undefined) {
      last = value;
      return value;
    }
    const ahead = (((value - last) % turn) + turn) % turn;
    const unwrapped = last + (ahead < turn / 2 ? ahead : ahead - turn);
    last = Math.max(last, unwrapped);
    return unwrapped;
  };
}
