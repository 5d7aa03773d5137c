import type { Subscription } from "rxjs";
import type { EncodedFrame } from "../hub/encoded-frame.ts";
import type { Rendition, VideoRendition } from "../hub/rendition.ts";
import { createFrameSender, type FrameSender, type FrameSenderOptions } from "./frame-sender.ts";
import { createRungChoice } from "./rung-choice.ts";

/** What a {@link FrameFeed} works with. */
export interface FrameFeedOptions
  extends Pick<FrameSenderOptions, "isStill" | "canSend" | "dropped"> {
  /** The renditions that the viewer may be given, the best first; pictures have one. */
  readonly rungs: readonly (Rendition | VideoRendition)[];
  /** Whether the frame of this time is wanted, in microseconds. */
  isWanted(timestamp: number): boolean;
  /** @param isNewRendition - whether it is the first one of another rendition */
  transmit(frame: EncodedFrame, rendition: Rendition, isNewRendition: boolean): void;
  ended(): void;
  failed(error: unknown): void;
}

/** The frames of one viewer, of the rendition that its road carries. */
export interface FrameFeed {
  readonly sender: FrameSender;
  readonly rendition: Rendition;
  stop(): void;
}

/** Subscribes a viewer to the best rendition, and to a smaller one when the window is full too often. */
export function startFrameFeed(options: FrameFeedOptions, lastSent: number): FrameFeed {
  const { rungs, isWanted, ended, failed } = options;
  const choice = createRungChoice(rungs.length);
  const at = (rung: number): Rendition => rungs[rung] as Rendition;
  const askKeyFrame = (rendition: Rendition): void => {
    if ("requestKeyFrame" in rendition) (rendition as VideoRendition).requestKeyFrame();
  };
  let isStopped = false;
  let current: Tap = { rung: 0, subscription: undefined };
  let next: Tap | undefined;
  let shown: Rendition | undefined;
  let isMuted = false;

  const sender = createFrameSender(
    {
      isStill: options.isStill,
      canSend: options.canSend,
      dropped: options.dropped,
      requestKeyFrame: () => askKeyFrame(at(current.rung)),
      transmit(frame) {
        const rendition = at(current.rung);
        const isNewRendition = shown !== rendition;
        shown = rendition;
        options.transmit(frame, rendition, isNewRendition);
      },
    },
    lastSent,
  );
  const subscribe = (tap: Tap, take: (frame: EncodedFrame) => void): void => {
    tap.subscription = at(tap.rung).frames$.subscribe({
      next: take,
      // Told later, as it may come while we are subscribing.
      error: (error: unknown) => queueMicrotask(() => isStopped || failed(error)),
      complete: () => queueMicrotask(() => isStopped || ended()),
    });
  };
  const take = (frame: EncodedFrame): void => {
    if (!isWanted(frame.timestamp)) return;
    choice.note(!options.canSend(), performance.now());
    if (!isMuted) sender.put(frame);
    climb();
  };
  const climb = (): void => {
    if (choice.rung === (next?.rung ?? current.rung)) return;
    next?.subscription?.unsubscribe();
    next = undefined;
    isMuted = false;
    const { rung } = choice;
    if (rung === current.rung) return;
    const tap: Tap = { rung, subscription: undefined };
    next = tap;
    subscribe(tap, (frame) => {
      if (next === tap) change(frame);
      else if (current === tap) take(frame);
    });
    askKeyFrame(at(rung));
  };
  /** Until the new rendition has a key frame that is later than what was sent, the old one goes on. */
  const change = (frame: EncodedFrame): void => {
    if (!frame.isKey || !next) return;
    if (frame.sequence <= sender.lastSent) {
      // The new one lags behind: the old one must stop for it to come by.
      isMuted = true;
      askKeyFrame(at(next.rung));
      return;
    }
    isMuted = false;
    current.subscription?.unsubscribe();
    current = next;
    next = undefined;
    take(frame);
  };

  subscribe(current, take);
  // With others watching, the next key frame may be far away.
  if (!options.isStill) sender.poll();
  return {
    sender,
    get rendition() {
      return at(current.rung);
    },
    stop() {
      isStopped = true;
      current.subscription?.unsubscribe();
      next?.subscription?.unsubscribe();
    },
  };
}

interface Tap {
  readonly rung: number;
  subscription: Subscription | undefined;
}
