import { Observable, share } from "rxjs";
import type { EncodedFrame } from "./encoded-frame.ts";
import { createFramePace } from "./frame-pace.ts";
import { createNewestSlot } from "./newest-slot.ts";
import type { Rendition } from "./rendition.ts";
import type { StampedFrame } from "./stamped-frame.ts";

/** What encodes the frames of one rendition, from the first viewer's coming to the last one's leaving. */
export interface FrameWork {
  /** Encodes a borrowed frame; its failure is that of the rendition. */
  encode(stamped: StampedFrame): Promise<readonly EncodedFrame[]>;
  /** Called when nobody watches any more and nothing is being encoded. */
  stop(): Promise<void>;
}

/** What a hub must know of a rendition beside what viewers see. */
export interface Stoppable {
  /** Settles when nothing is being encoded and the encoder is closed; at once where it was never open. */
  stopped(): Promise<void>;
}

/**
 * Encodes a stream once for all who subscribe: one frame at a time, and of those that come meanwhile only the newest.
 *
 * @param framerate - frames a second at most
 * @param start - called when the first one subscribes
 */
export function encodeNewest(
  source$: Observable<StampedFrame>,
  framerate: number | undefined,
  start: () => FrameWork,
): Pick<Rendition, "frames$" | "isMade"> & Stoppable {
  let isMade = false;
  let running: Promise<void> = Promise.resolve();
  const frames$ = new Observable<EncodedFrame>((subscriber) => {
    isMade = true;
    const ended = Promise.withResolvers<void>();
    running = running.then(() => ended.promise);
    const work = start();
    const isWanted = createFramePace(framerate);
    const slot = createNewestSlot<StampedFrame>(
      async (stamped) => {
        try {
          for (const encoded of await work.encode(stamped)) subscriber.next(encoded);
        } catch (error) {
          subscriber.error(error);
        } finally {
          stamped.frame.close();
        }
      },
      ({ frame }) => frame.close(),
    );
    const subscription = source$.subscribe({
      next(stamped) {
        if (!isWanted(stamped.frame.timestamp)) return;
        slot.put({ ...stamped, frame: stamped.frame.clone() });
      },
      error: (error: unknown) => subscriber.error(error),
      complete: () => void slot.idle().then(() => subscriber.complete()),
    });
    return () => {
      isMade = false;
      subscription.unsubscribe();
      slot.clear();
      // An encoder that cannot be closed has gone with its driver.
      void slot.idle().then(work.stop).then(ended.resolve, ended.resolve);
    };
  }).pipe(share());
  return {
    frames$,
    stopped: () => running,
    get isMade() {
      return isMade;
    },
  };
}
