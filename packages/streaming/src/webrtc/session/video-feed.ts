import type { EncodedVideoFamily } from "@millrace/media";
import type { Subscription } from "rxjs";
import type { PacketizedFrame, PacketRendition } from "./packet-rendition.ts";
import type { VideoTiers } from "./video-tiers.ts";

/** The frames that one viewer is sent: of one tier at a time, each beginning with a key frame. */
export interface VideoFeed {
  /** Place of the tier that is sent, 0 for the best. */
  readonly tier: number;
  /** What is sent. */
  readonly current: PacketRendition | undefined;
  /** Begins to send, with the next key frame. */
  start(): void;
  /** Sends nothing more until {@link VideoFeed.start}; what nobody else watches is no longer encoded. */
  stop(): void;
  /** Goes over to another tier at its next key frame, and sends the old one until then. */
  switchTo(tier: number): void;
  /** The viewer has lost the thread: a key frame is wanted. */
  requestKeyFrame(): void;
  /** Sends nothing more until the next key frame, and asks for it. */
  skipToKeyFrame(): void;
}

/** What a {@link VideoFeed} is made with. */
export interface VideoFeedOptions {
  readonly tiers: VideoTiers;
  readonly family: EncodedVideoFamily;
  readonly tier: number;
  /** Sends a frame. */
  readonly send: (frame: PacketizedFrame) => void;
  /** A frame was not sent, as what it refers to was not. */
  readonly drop: () => void;
  /** The stream has ended, or its encoder has failed. */
  readonly end: () => void;
}

/** A tier that is to be gone over to. */
interface NextTier {
  readonly rendition: PacketRendition;
  readonly subscription: Subscription;
  /**
   * Its first key frame came late, as its encoder had to be opened: what was sent so far had gone past it. From this
   * time on it makes another as soon as it is asked.
   */
  cutAtMs: number | undefined;
}

/** Renditions make no two key frames in a quarter of a second. */
const KEY_FRAME_GUARD_MS = 260;

/** Makes the feed of one viewer. */
export function createVideoFeed({
  tiers,
  family,
  send,
  drop,
  end,
  ...options
}: VideoFeedOptions): VideoFeed {
  let tier = options.tier;
  let current: PacketRendition | undefined;
  let subscription: Subscription | undefined;
  let next: NextTier | undefined;
  let isKeyAwaited = true;
  let lastSequence = -1;

  const take = (packetized: PacketizedFrame): void => {
    const { isKey, sequence } = packetized.frame;
    // Another tier may be behind the one that was sent so far; a viewer cannot go back.
    if (sequence <= lastSequence || (isKeyAwaited && !isKey)) {
      if (isKey) current?.rendition.requestKeyFrame();
      isKeyAwaited = true;
      drop();
      return;
    }
    isKeyAwaited = false;
    lastSequence = sequence;
    send(packetized);
    if (next?.cutAtMs === undefined || performance.now() < next.cutAtMs) return;
    // The very next frame of the source is the other tier's key frame: nothing is missing in between.
    next.cutAtMs = undefined;
    subscription?.unsubscribe();
    next.rendition.rendition.requestKeyFrame();
  };
  const giveUpNext = (): void => {
    next?.subscription.unsubscribe();
    next = undefined;
  };
  const feed: VideoFeed = {
    get tier() {
      return tier;
    },
    get current() {
      return current;
    },
    start() {
      if (subscription) return;
      isKeyAwaited = true;
      current = tiers.open(family, tier);
      subscription = current.packets$.subscribe({ next: take, error: end, complete: end });
      current.rendition.requestKeyFrame();
    },
    stop() {
      giveUpNext();
      subscription?.unsubscribe();
      subscription = undefined;
    },
    switchTo(wanted) {
      giveUpNext();
      // It was about to change.
      if (subscription?.closed) {
        subscription = undefined;
        feed.start();
      }
      const isRunning = subscription !== undefined;
      if (wanted === tier) return;
      if (!isRunning) {
        tier = wanted;
        return;
      }
      const rendition = tiers.open(family, wanted);
      const waiting = rendition.packets$.subscribe({
        next(packetized) {
          if (next?.rendition === rendition) {
            if (!packetized.frame.isKey) return;
            if (packetized.frame.sequence <= lastSequence) {
              next.cutAtMs = performance.now() + KEY_FRAME_GUARD_MS;
              return;
            }
            subscription?.unsubscribe();
            subscription = waiting;
            next = undefined;
            tier = wanted;
            current = rendition;
            isKeyAwaited = true;
          }
          take(packetized);
        },
        error: end,
        complete: end,
      });
      next = { rendition, subscription: waiting, cutAtMs: undefined };
      rendition.rendition.requestKeyFrame();
    },
    requestKeyFrame() {
      current?.rendition.requestKeyFrame();
    },
    skipToKeyFrame() {
      isKeyAwaited = true;
      current?.rendition.requestKeyFrame();
    },
  };
  return feed;
}
