/** A frame that was sent and is not acknowledged. */
export interface FrameUnderWay {
  readonly sequence: number;
  readonly capturedAtMs: number;
  /** When it was sent, of the clock of the caller. */
  readonly sentMs: number;
}

/** Frames that may be under way to a viewer at once: what bounds their age whatever the buffers between hold. */
export interface AckWindow {
  /** Whether no further frame may be sent. */
  readonly isFull: boolean;
  /** The longest under way, if any is. */
  readonly oldest: FrameUnderWay | undefined;
  sent(frame: FrameUnderWay): void;
  /**
   * Takes all frames up to this number for received.
   *
   * @returns the frame of this number, `"known"` when it was acknowledged already, `"never-sent"` when it cannot be
   */
  acknowledge(sequence: number): FrameUnderWay | "known" | "never-sent";
  /**
   * Lets more be under way by as many as the bare road holds: with 200 ms there and back, four frames of 30 a second
   * would be 20 a second, with no queue anywhere.
   */
  widen(frames: number): void;
  /** Other frames come from now on, of which so many may be under way. What is under way stays so. */
  resize(size: number): void;
}

/** What the road may add to the window. */
const MOST_ADDED = 30;

/**
 * Makes the window of one viewer.
 *
 * @param size - frames that may be under way
 */
export function createAckWindow(size: number): AckWindow {
  let most = size;
  const underWay: FrameUnderWay[] = [];
  let last = -1;
  let added = 0;
  return {
    get isFull() {
      return underWay.length >= most + added;
    },
    get oldest() {
      return underWay[0];
    },
    sent(frame) {
      underWay.push(frame);
      last = frame.sequence;
    },
    acknowledge(sequence) {
      if (sequence > last) return "never-sent";
      let found: FrameUnderWay | undefined;
      while (underWay[0] !== undefined && underWay[0].sequence <= sequence)
        found = underWay.shift();
      return found?.sequence === sequence ? found : "known";
    },
    widen(frames) {
      added = Math.min(MOST_ADDED, Math.max(0, Math.floor(frames)));
    },
    resize(frames) {
      most = frames;
    },
  };
}
