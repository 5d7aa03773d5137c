import type { FilmFrame } from "./film-frames.ts";

/** A frame that waits for its time. */
export interface WaitingFrame extends FilmFrame {
  /** Whether it may be shown; who makes it so calls {@link Playout.look}. */
  isReady: boolean;
  /** What was found in it. */
  found?: unknown;
  /** When it was shown, in microseconds; undefined while it waits, and where it was left out. */
  shownUs?: number;
  /** Whether it is not held any more, so that its frame may be closed. */
  isGone?: boolean;
}

/** Shows frames when they are due. */
export interface Playout {
  /** Waits until there is room for another frame. */
  room(): Promise<void>;
  /** Takes a frame over. */
  put(waiting: WaitingFrame): void;
  /** Looks again at what waits. */
  look(): void;
  /** Settles when all is shown that was put. */
  drained(): Promise<void>;
  /** Closes what waits, and shows nothing more. */
  clear(): void;
}

/** Frames that wait: the next one, and what a short hold-up of the decoder takes. */
const MOST_WAITING = 4;
/** A frame that is later than this sets the film back; what comes in time behind it would else be rushed through. */
const LATE_US = 200_000;

/**
 * Makes a playout. Of frames that are due together the newest wins; where frames come too late one after another, the
 * film goes slower.
 *
 * @param show - takes the frame over, with the time at which it was due, in microseconds of `nowUs`
 */
export function createPlayout(
  nowUs: () => number,
  show: (waiting: WaitingFrame, timestamp: number) => void,
): Playout {
  const queue: WaitingFrame[] = [];
  let shiftUs: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isCleared = false;
  let changed = Promise.withResolvers<void>();
  const tell = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds() && !isCleared) await changed.promise;
  };

  const look = (): void => {
    clearTimeout(timer);
    for (;;) {
      const now = nowUs();
      const [head] = queue;
      if (isCleared || !head?.isReady) return;
      shiftUs ??= now - head.filmUs;
      const dueUs = (frame: WaitingFrame): number => frame.filmUs + (shiftUs ?? 0);
      const waitUs = dueUs(head) - now;
      if (waitUs > 0) {
        timer = setTimeout(look, waitUs / 1_000);
        return;
      }
      queue.shift();
      const [next] = queue;
      if (next?.isReady && dueUs(next) <= now) {
        letGo(head);
      } else {
        head.isGone = true;
        if (-waitUs > LATE_US) shiftUs -= waitUs;
        head.shownUs = Math.round(dueUs(head));
        show(head, head.shownUs);
      }
      tell();
    }
  };

  return {
    room: () => until(() => queue.length < MOST_WAITING),
    put(waiting) {
      if (isCleared) {
        letGo(waiting);
        return;
      }
      queue.push(waiting);
      look();
    },
    look,
    drained: () => until(() => queue.length === 0),
    clear() {
      isCleared = true;
      clearTimeout(timer);
      queue.splice(0).forEach(letGo);
      tell();
    },
  };
}

function letGo(waiting: WaitingFrame): void {
  waiting.isGone = true;
  waiting.frame.close();
}
