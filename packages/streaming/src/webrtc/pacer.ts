import type { Ticks } from "./ticks.ts";

/** Gives the packets of one viewer to the network over time, so that a key frame does not fill its queues. */
export interface Pacer<Packet> {
  /**
   * Sends a frame: at once when it is no larger than usual, over some time otherwise. Drops it when a frame before it
   * was dropped that it refers to.
   */
  sendFrame(packets: readonly Packet[], isKey: boolean): void;
  /** Sends before all frames that wait. The work returns what it sent, in bytes. */
  sendFirst(work: () => number): void;
  /** Tells of what was sent past the pacer, such as sound, which never waits. */
  noteSent(sizeBytes: number): void;
  /** Bits a second that the road carries, above which it sends for short times. */
  setBitrate(bitrate: number): void;
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

/** Times the bitrate of the road: a little above it, frames leave in time and the queue before the road stays short. */
const MULTIPLE = 2.5;
/** A frame of usual size, one and a half times what the rate gives for a thirtieth of a second, leaves at once. */
const BURST_MS = 50;
/** A frame that has waited for so long helps nobody. */
const MOST_WAIT_MS = 300;

/** Makes a pacer with nothing in it. */
export function createPacer<Packet>(options: PacerOptions<Packet>): Pacer<Packet> {
  const { send, dropped, now, ticks, sizeOf } = options;
  let frames: WaitingFrame<Packet>[] = [];
  let first: (() => number)[] = [];
  let bitrate = 1_000_000;
  let isKeyAwaited = false;
  /** Bits sent that the pace has not yet earned. */
  let [debt, debtAtMs] = [0, now()];
  let stop: (() => void) | undefined;

  const settle = (): void => {
    const atMs = now();
    debt = Math.max(0, debt - ((atMs - debtAtMs) * bitrate * MULTIPLE) / 1_000);
    debtAtMs = atMs;
  };
  const isFree = (): boolean => debt < (bitrate * BURST_MS) / 1_000;
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
      const work = first.shift();
      if (work) {
        debt += work() * 8;
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
    sendFirst(work) {
      first.push(work);
      flush();
    },
    noteSent(sizeBytes) {
      settle();
      debt += sizeBytes * 8;
    },
    setBitrate(wanted) {
      settle();
      bitrate = Math.max(10_000, wanted);
    },
    skipToKeyFrame: skip,
    get isKeyAwaited() {
      return isKeyAwaited;
    },
    get queuedMs() {
      return (queuedBits() * 1_000) / (bitrate * MULTIPLE);
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
