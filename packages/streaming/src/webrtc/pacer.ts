import type { Ticks } from "./ticks.ts";

/** Gives the packets of one viewer to the network over time, so that a key frame does not fill its queues. */
export interface Pacer<Packet> {
  /**
   * Sends a frame: at once when it is no larger than usual, over some time otherwise. Drops it when a frame before it
   * was dropped that it refers to.
   */
  sendFrame(packets: readonly Packet[], isKey: boolean): void;
  /** Sends before all frames that wait, but not before some milliseconds have passed. The work returns bytes sent. */
  sendFirst(work: () => number, afterMs?: number): void;
  /** Tells of what was sent past the pacer, such as sound, which never waits. */
  noteSent(sizeBytes: number): void;
  /**
   * Bits a second that the road carries over long, and in short bursts; 0 where that is not known. A key frame leaves
   * at a pace between them.
   */
  setBitrate(bitrate: number, burstBitrate: number): void;
  /** Drops the frames that wait, and those that come, until a key frame. One that has begun is finished. */
  skipToKeyFrame(): void;
  readonly isKeyAwaited: boolean;
  /** How long what waits will take, in milliseconds. */
  readonly queuedMs: number;
  /** Drops everything. */
  close(): void;
}

/** What a {@link Pacer} is made with. */
export interface PacerOptions<Packet> {
  /** Gives a packet to the network and returns its size in bytes. */
  readonly send: (packet: Packet, isFirstOfKey: boolean) => number;
  /** Frames were dropped; what comes next must be a key frame. */
  readonly dropped: (frames: number) => void;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  readonly ticks: Ticks;
  /** Estimates what a packet will take before it is sent, in bytes. */
  readonly sizeOf: (packet: Packet) => number;
}

interface WaitingFrame<Packet> {
  readonly packets: readonly Packet[];
  readonly isKey: boolean;
  readonly sinceMs: number;
  sent: number;
}

/**
 * Times the bitrate of the road: above it, so that a frame is out before the next one comes. A road that nobody knows
 * yet gets its first key frame at the pace that libwebrtc has for all.
 */
const [LEAST_PACE, UNKNOWN_PACE, MOST_PACE] = [1.25, 2.5, 8];
/** Share of what bursts come through at. */
const BURST_PACE = 0.8;
/** A frame of usual size, one and a half times what the rate gives for a thirtieth of a second, leaves at once. */
const BURST_MS = 50;
/** What a road takes that is faster by far, of the pace. */
const FAST_BURST_MS = 25;
/** A frame that has waited for so long helps nobody. */
const MOST_WAIT_MS = 400;

/** Makes a pacer with nothing in it. */
export function createPacer<Packet>(options: PacerOptions<Packet>): Pacer<Packet> {
  const { send, dropped, now, ticks, sizeOf } = options;
  let frames: WaitingFrame<Packet>[] = [];
  let first: { readonly work: () => number; readonly dueMs: number }[] = [];
  let [bitrate, pace] = [1_000_000, 1_000_000 * UNKNOWN_PACE];
  let isKeyAwaited = false;
  /** Bits sent that the pace has not yet earned. */
  let [debt, debtAtMs] = [0, now()];
  let stop: (() => void) | undefined;

  const settle = (): void => {
    const atMs = now();
    debt = Math.max(0, debt - ((atMs - debtAtMs) * pace) / 1_000);
    debtAtMs = atMs;
  };
  const isFree = (): boolean => debt < Math.max(bitrate * BURST_MS, pace * FAST_BURST_MS) / 1_000;
  const queuedBits = (): number => {
    let bytes = 0;
    for (const { packets, sent } of frames) {
      for (let i = sent; i < packets.length; i++) bytes += sizeOf(packets[i] as Packet);
    }
    return bytes * 8;
  };
  const skip = (): void => {
    const kept = frames.filter(({ sent }) => sent > 0);
    const count = frames.length - kept.length;
    frames = kept;
    isKeyAwaited = true;
    if (count > 0) dropped(count);
  };
  const flush = (): void => {
    settle();
    while (isFree()) {
      const due = first.findIndex(({ dueMs }) => dueMs <= debtAtMs);
      const [urgent] = due < 0 ? [] : first.splice(due, 1);
      if (urgent) {
        debt += urgent.work() * 8;
        continue;
      }
      const frame = frames[0];
      if (!frame) break;
      const packet = frame.packets[frame.sent] as Packet;
      frame.sent += 1;
      if (frame.sent === frame.packets.length) frames.shift();
      debt += send(packet, frame.isKey && frame.sent === 1) * 8;
    }
    const oldest = frames.find(({ sent }) => sent === 0);
    if (oldest && now() - oldest.sinceMs > MOST_WAIT_MS) skip();
    if (frames.length + first.length > 0) {
      stop ??= ticks.start(flush);
    } else {
      stop?.();
      stop = undefined;
    }
  };

  return {
    sendFrame(packets, isKey) {
      if (isKey) {
        isKeyAwaited = false;
      } else if (isKeyAwaited) {
        dropped(1);
        return;
      }
      if (packets.length === 0) return;
      frames.push({ packets, isKey, sinceMs: now(), sent: 0 });
      flush();
    },
    sendFirst(work, afterMs = 0) {
      first.push({ work, dueMs: now() + afterMs });
      flush();
    },
    noteSent(sizeBytes) {
      settle();
      debt += sizeBytes * 8;
    },
    setBitrate(wanted, burstBitrate) {
      settle();
      bitrate = Math.max(10_000, wanted);
      const times = burstBitrate > 0 ? (burstBitrate * BURST_PACE) / bitrate : UNKNOWN_PACE;
      pace = bitrate * Math.min(MOST_PACE, Math.max(LEAST_PACE, times));
    },
    skipToKeyFrame: skip,
    get isKeyAwaited() {
      return isKeyAwaited;
    },
    get queuedMs() {
      return (queuedBits() * 1_000) / pace;
    },
    close() {
      frames = [];
      first = [];
      isKeyAwaited = true;
      stop?.();
      stop = undefined;
    },
  };
}
