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
): Pick<Rendition, "frames$" | "isMade"> {
  let isMade = false;
  const frames$ = new Observable<EncodedFrame>((subscriber) => {
    isMade = true;
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
      void slot.idle().then(work.stop);
    };
  }).pipe(share());
  return {
    frames$,
    get isMade() {
      return isMade;
    },
  };
}
