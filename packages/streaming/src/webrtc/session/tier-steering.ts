import type { EncodedVideoFamily } from "@millrace/media";
import type { RoadState } from "../viewer-road.ts";
import type { VideoTier } from "./video-tiers.ts";

/** A viewer as far as steering goes. */
export interface SteeredViewer {
  /** What it is sent; viewers with the same one share an encoder. Undefined while it is sent nothing. */
  readonly rendition: { readonly bitrate: number; setBitrate(bitrate: number): void } | undefined;
  /** Encoders of VP8 begin anew at every change of bitrate, with a key frame. */
  readonly family: EncodedVideoFamily;
  readonly tier: number;
  /** Whether the application has chosen the tier, so that it stays. */
  readonly isTierFixed: boolean;
  /** When it began to be sent something, milliseconds. */
  readonly sinceMs: number;
  readonly road: Pick<RoadState, "encoderBitrate" | "targetBitrate" | "queueMs" | "isCongested">;
  moveTo(tier: number): void;
}

/** Sets bitrates and tiers so that each road carries what its viewer is sent. */
export interface TierSteering {
  /** To be called a few times a second, with all viewers of a publication. */
  steer(viewers: readonly SteeredViewer[], nowMs: number): void;
}

/** A road is known for what it is only after some time. */
const UNKNOWN_MS = 3_000;
/** Less than this share of what the others get is too little to wait for. */
const LAGGARD_SHARE = 0.7;
const DOWN_AFTER_MS = 2_000;
/** Going up is tried when the road carries this much more than is sent, for so long. */
const ROOM = 1.35;
const UP_AFTER_MS = 8_000;
/** Who had to go down again soon after going up waits twice as long the next time. */
const SOON_MS = 20_000;
const MOST_WAIT_MS = 120_000;
/** Encoders are not bothered with a smaller change, or sooner. */
const WORTH_TELLING = {
  h264: { share: 0.03, afterMs: 0 },
  vp8: { share: 0.2, afterMs: 2_000 },
} as const;

interface Mood {
  poorSinceMs: number | undefined;
  richSinceMs: number | undefined;
  upWaitMs: number;
  wentUpMs: number;
}

/** Makes the steering of one publication. */
export function createTierSteering(tiers: readonly VideoTier[]): TierSteering {
  const moods = new WeakMap<SteeredViewer, Mood>();
  const toldMs = new WeakMap<object, number>();
  const moodOf = (viewer: SteeredViewer): Mood => {
    const known = moods.get(viewer);
    if (known) return known;
    const mood: Mood = {
      poorSinceMs: undefined,
      richSinceMs: undefined,
      upWaitMs: UP_AFTER_MS,
      wentUpMs: Number.NEGATIVE_INFINITY,
    };
    moods.set(viewer, mood);
    return mood;
  };

  const setBitrates = (viewers: readonly SteeredViewer[], nowMs: number): void => {
    const groups = new Map<NonNullable<SteeredViewer["rendition"]>, SteeredViewer[]>();
    for (const viewer of viewers) {
      if (!viewer.rendition) continue;
      const group = groups.get(viewer.rendition);
      if (group) group.push(viewer);
      else groups.set(viewer.rendition, [viewer]);
    }
    for (const [rendition, group] of groups) {
      const known = group.filter(({ sinceMs }) => nowMs - sinceMs >= UNKNOWN_MS);
      // A newcomer must not lower what the others get.
      const asked = (known.length > 0 ? known : group)
        .map(({ road }) => road.encoderBitrate)
        .sort((one, other) => one - other);
      // Three of four roads carry it; the fourth goes down a tier or drops frames.
      const quarter = asked[Math.floor(asked.length / 4)] ?? 0;
      const most = tiers[group[0]?.tier ?? 0]?.bitrate ?? quarter;
      const wanted = Math.round(Math.min(most, quarter));
      const { share, afterMs } = WORTH_TELLING[group[0]?.family ?? "h264"];
      if (Math.abs(wanted - rendition.bitrate) <= rendition.bitrate * share) continue;
      if (nowMs - (toldMs.get(rendition) ?? Number.NEGATIVE_INFINITY) < afterMs) continue;
      toldMs.set(rendition, nowMs);
      rendition.setBitrate(wanted);
    }
  };

  const moveDown = (viewer: SteeredViewer, mood: Mood, nowMs: number): void => {
    const below = tiers[viewer.tier + 1];
    if (!below || !viewer.rendition) return;
    const { encoderBitrate } = viewer.road;
    const isPoor =
      encoderBitrate < Math.max(below.bitrate, viewer.rendition.bitrate * LAGGARD_SHARE);
    mood.poorSinceMs = isPoor ? (mood.poorSinceMs ?? nowMs) : undefined;
    if (mood.poorSinceMs === undefined || nowMs - mood.poorSinceMs < DOWN_AFTER_MS) return;
    mood.poorSinceMs = undefined;
    mood.richSinceMs = undefined;
    mood.upWaitMs =
      nowMs - mood.wentUpMs < SOON_MS ? Math.min(MOST_WAIT_MS, mood.upWaitMs * 2) : UP_AFTER_MS;
    viewer.moveTo(viewer.tier + 1);
  };
  const moveUp = (viewer: SteeredViewer, mood: Mood, nowMs: number): void => {
    if (viewer.tier === 0 || !viewer.rendition) return;
    const { targetBitrate, isCongested, queueMs } = viewer.road;
    const isRich = !isCongested && queueMs < 30 && targetBitrate > viewer.rendition.bitrate * ROOM;
    mood.richSinceMs = isRich ? (mood.richSinceMs ?? nowMs) : undefined;
    if (mood.richSinceMs === undefined || nowMs - mood.richSinceMs < mood.upWaitMs) return;
    mood.richSinceMs = undefined;
    mood.poorSinceMs = undefined;
    mood.wentUpMs = nowMs;
    viewer.moveTo(viewer.tier - 1);
  };

  return {
    steer(viewers, nowMs) {
      setBitrates(viewers, nowMs);
      for (const viewer of viewers) {
        if (viewer.isTierFixed || nowMs - viewer.sinceMs < UNKNOWN_MS) continue;
        const mood = moodOf(viewer);
        const before = viewer.tier;
        moveDown(viewer, mood, nowMs);
        if (viewer.tier === before) moveUp(viewer, mood, nowMs);
      }
    },
  };
}
