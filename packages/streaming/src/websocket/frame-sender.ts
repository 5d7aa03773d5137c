import type { EncodedFrame } from "../hub/encoded-frame.ts";

/** What a {@link FrameSender} works with. */
export interface FrameSenderOptions {
  /** Whether each frame stands for itself, so that any of them may be left out. */
  readonly isStill: boolean;
  /** Whether one more may be sent now. */
  canSend(): boolean;
  transmit(frame: EncodedFrame): void;
  dropped(): void;
  /** Called when the road is free again and only a key frame helps. */
  requestKeyFrame(): void;
}

/** Sends frames to one viewer as its window allows. One frame waits at most. */
export interface FrameSender {
  /** Number of the frame that was sent last; -1 before. */
  readonly lastSent: number;
  /** Whether a frame waits. */
  readonly isWaiting: boolean;
  /** Takes the next frame: sends it, lets it wait, or leaves it out. */
  put(frame: EncodedFrame): void;
  /** To be called when the window or the connection has become free. */
  poll(): void;
}

/**
 * Makes a sender. Of pictures the newest waits while the window is full. Of chunks the one waits that follows on what was
 * sent; what comes behind it is left out up to the next key frame, which is asked for when the road is free and not
 * before, so that it is new when it goes.
 *
 * @param lastSent - what a sender before this one has sent: nothing up to it is sent again
 */
export function createFrameSender(options: FrameSenderOptions, lastSent = -1): FrameSender {
  const { isStill, canSend, transmit, dropped, requestKeyFrame } = options;
  let last = lastSent;
  let waiting: EncodedFrame | undefined;
  let needsKey = !isStill;
  let isAsked = false;

  const send = (frame: EncodedFrame): void => {
    last = frame.sequence;
    transmit(frame);
  };
  const wait = (frame: EncodedFrame): void => {
    if (waiting) dropped();
    waiting = frame;
  };
  const putChunk = (frame: EncodedFrame): void => {
    if (frame.isKey) {
      needsKey = false;
      isAsked = false;
      if (canSend()) {
        if (waiting) dropped();
        waiting = undefined;
        send(frame);
      } else {
        wait(frame);
      }
      return;
    }
    if (needsKey || waiting) {
      needsKey = true;
      dropped();
      sender.poll();
      return;
    }
    if (canSend()) send(frame);
    else waiting = frame;
  };
  const sender: FrameSender = {
    get lastSent() {
      return last;
    },
    get isWaiting() {
      return waiting !== undefined;
    },
    put(frame) {
      if (frame.sequence <= last) return;
      if (!isStill) {
        putChunk(frame);
      } else if (canSend()) {
        // What waits is older, and would be shown for nothing.
        if (waiting) dropped();
        waiting = undefined;
        send(frame);
      } else {
        wait(frame);
      }
    },
    poll() {
      if (waiting && canSend()) {
        const frame = waiting;
        waiting = undefined;
        send(frame);
      }
      if (needsKey && !isAsked && !waiting && canSend()) {
        isAsked = true;
        requestKeyFrame();
      }
    },
  };
  return sender;
}
