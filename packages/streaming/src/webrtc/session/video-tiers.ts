import { MillraceError } from "@millrace/core";
import type { EncodedVideoFamily } from "@millrace/media";
import type { FrameHub } from "../../hub/frame-hub.ts";
import { type PacketRendition, packetRendition } from "./packet-rendition.ts";
import type { RtpClock } from "./rtp-clock.ts";

/** One of the sizes that a stream is sent in. */
export interface VideoTier {
  /** Rows at most; a source with fewer stays as it is. */
  readonly height: number;
  /** Bits a second at most. */
  readonly bitrate: number;
  /** Frames a second at most. @defaultValue every frame of the source */
  readonly framerate?: number;
}

/** Sizes that roads of a few megabits down to a few hundred kilobits carry. */
export const DEFAULT_TIERS: readonly VideoTier[] = [
  { height: 720, bitrate: 2_000_000 },
  { height: 480, bitrate: 800_000 },
  { height: 270, bitrate: 300_000 },
];

/** The renditions of a publication, by codec and tier. */
export interface VideoTiers {
  readonly tiers: readonly VideoTier[];
  /**
   * What is sent to all who watch this tier.
   *
   * @param tier - its place, 0 for the best
   * @throws MillraceError as `FrameHub.video`
   */
  open(family: EncodedVideoFamily, tier: number): PacketRendition;
}

/**
 * Makes the renditions of a publication as they are asked for.
 *
 * @throws MillraceError INVALID_OPTION when there is no tier, or one that cannot be
 */
export function createVideoTiers(
  hub: FrameHub,
  clock: RtpClock,
  tiers: readonly VideoTier[],
): VideoTiers {
  const isTier = ({ height, bitrate }: VideoTier): boolean =>
    Number.isSafeInteger(height) && height > 0 && bitrate > 0;
  if (tiers.length === 0 || !tiers.every(isTier)) {
    throw new MillraceError(
      "INVALID_OPTION",
      "webrtc: renditions must be a list of at least one { height, bitrate }, both above 0.",
    );
  }
  const open = new Map<string, PacketRendition>();
  return {
    tiers,
    open(family, at) {
      const tier = tiers[Math.min(at, tiers.length - 1)] as VideoTier;
      const key = `${family} ${at}`;
      const known = open.get(key);
      if (known) return known;
      const { height: maxHeight, bitrate, framerate } = tier;
      const spec = { family, maxHeight, bitrate, variant: "webrtc" };
      const rendition = hub.video(framerate === undefined ? spec : { ...spec, framerate });
      const made = packetRendition(rendition, family, clock);
      open.set(key, made);
      return made;
    },
  };
}
