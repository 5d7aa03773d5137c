import { type ArrivalWindow, createArrivalWindow } from "./arrival-window.ts";
import type { RateController } from "./rate-controller.ts";

/** How a {@link RateController} is made. */
export interface RateControllerOptions {
  /** Bits a second, the lowest that is aimed at. @defaultValue 100,000 */
  readonly minBitrate?: number;
  /** Bits a second, the highest. @defaultValue 2,500,000 */
  readonly maxBitrate?: number;
  /** Bits a second to begin with. @defaultValue 1,000,000 */
  readonly startBitrate?: number;
}

/** Queues that stand longer than this are of our making. */
const QUEUE_LIMIT_MS = 35;
/** Where packets are lost, repairing them takes the time that a queue would take. */
const LOSSY_QUEUE_LIMIT_MS = 22;
const LOSSY_FROM = 0.012;
/** What a single frame may find before it; a key frame makes such a queue for a moment. */
const BURST_LIMIT_MS = 100;
const DRAINED_MS = 14;
const CONGESTED_MS = 220;
/** A queue that does not shrink for so long while little is sent is no queue: the road has become longer. */
const NO_QUEUE_AFTER_MS = 1_500;
/** Loss up to here says nothing about the rate; what chance adds to it among few packets neither. */
const LOSS_LIMIT = 0.16;
const LOSS_CHANCE = 0.9;
const LOSS_PAUSE_MS = 1_000;
/** Shares of what the road carries: begun with after a queue, and in which one feels one's way. */
const RESUME_AT = 0.92;
const LOSSY_RESUME_AT = 0.9;
const NEAR_UNTIL = 1.06;
/** Growth by the second. */
const GROWTH_NEAR = 1.06;
const LOSSY_GROWTH_NEAR = 1.03;
const GROWTH_UNSURE = 1.25;
const GROWTH_FAR = 1.8;
/** How far ahead of what came the rate may be: an encoder needs some time to follow. */
const AHEAD = 1.35;
/** Frames that come so much faster than is sent say that the road has become wider. */
const WIDE_FROM = 1.3;
const NEAR_END = 1.15;
const HINT_MS = 1_500;
/** Some roads let short bursts through and nothing more: whoever believed them once does not for a while. */
const DISTRUST_MS = 20_000;
/** A road that is too narrow gives packets no faster than this, compared with what is sent. */
const SLOWER_THAN = 1.2;
/** Where few packets tell little, and where they tell another story, a queue that stays is one all the same. */
const [UNSURE_MS, SURE_MS] = [250, 400];
const MOST_NOISE_MS = 40;
/** A queue of ours is no sign that the road carries much more than was sent. */
const MOST_SEEN = 1.1;
const SILENCE_MS = 600;
const AFTER_SILENCE = 0.5;

/**
 * Makes a {@link RateController}. It keeps the queue before the narrow place short: when one stands, it sends less than
 * came through until the queue is gone, then begins a little below what the road was seen to carry, and goes on
 * from there, slowly near that rate and fast beyond it. Loss alone is no reason to send less below some 20 %.
 */
export function createRateController(options: RateControllerOptions = {}): RateController {
  const { minBitrate = 100_000, maxBitrate = 2_500_000, startBitrate = 1_000_000 } = options;
  const arrivals: ArrivalWindow = createArrivalWindow();
  const bounded = (bitrate: number): number => Math.min(maxBitrate, Math.max(minBitrate, bitrate));

  let target = bounded(startBitrate);
  /** What the road was seen to carry while it had a queue, and when. */
  let seen: { bitrate: number; atMs: number } | undefined;
  let drain:
    | { lowestMs: number; lowestAtMs: number; readonly targetBefore: number; seen?: number }
    | undefined;
  /** What packets wait though the road is empty. */
  let noiseMs = 0;
  let longSinceMs: number | undefined;
  /** What trains of packets promised, and whether they have lied. */
  let hint = {
    bitrate: 0,
    atMs: Number.NEGATIVE_INFINITY,
    distrustedUntilMs: Number.NEGATIVE_INFINITY,
  };
  let isCongested = false;
  let grownAtMs: number | undefined;
  let lossCutAtMs = Number.NEGATIVE_INFINITY;
  let heardAtMs: number | undefined;
  /** What was aimed at before nothing was heard any more. */
  let silence: { readonly bitrate: number } | undefined;
  let silentCutAtMs = Number.NEGATIVE_INFINITY;
  let reported = { lossRatio: 0, rttMs: null as number | null };
  let hasFeedback = false;

  /** Sent to fill the road: what was lost on the way has been sent as well. */
  const carried = (): number => arrivals.carriedBitrate / (1 - Math.min(0.3, arrivals.usualLoss));

  const isLosing = (): boolean => arrivals.usualLoss > LOSSY_FROM;

  /**
   * Whether packets wait because more is sent than the road carries. Where a machine at one of the ends had something
   * else to do they wait as well, but then come all at once, faster than they were sent.
   */
  const isOurQueue = (atMs: number): boolean => {
    const { standingMs, newestMs, trainBitrate } = arrivals;
    const limitMs = (isLosing() ? LOSSY_QUEUE_LIMIT_MS : QUEUE_LIMIT_MS) + noiseMs;
    const isLong = standingMs > limitMs || newestMs > BURST_LIMIT_MS + noiseMs;
    if (!isLong) {
      longSinceMs = undefined;
      return false;
    }
    longSinceMs ??= atMs;
    if (trainBitrate === null) return atMs - longSinceMs >= UNSURE_MS;
    return carried() < target * SLOWER_THAN || atMs - longSinceMs >= SURE_MS;
  };

  const steerQueue = (atMs: number): void => {
    const { standingMs, newestMs, trainBitrate } = arrivals;
    if (trainBitrate !== null && trainBitrate > target * 2) {
      noiseMs += (Math.min(MOST_NOISE_MS, standingMs) - noiseMs) * 0.03;
    }
    let isQueueNew = false;
    if (!drain && isOurQueue(atMs)) {
      isQueueNew = true;
      drain = { lowestMs: standingMs, lowestAtMs: atMs, targetBefore: target };
    }
    if (!drain) return;
    if (isQueueNew && atMs - hint.atMs < HINT_MS && carried() < hint.bitrate * 0.75) {
      hint = { ...hint, distrustedUntilMs: atMs + DISTRUST_MS };
    }
    if (standingMs < drain.lowestMs * 0.9) {
      drain.lowestMs = standingMs;
      drain.lowestAtMs = atMs;
    }
    if (atMs - drain.lowestAtMs > NO_QUEUE_AFTER_MS && standingMs < drain.lowestMs + 30) {
      arrivals.rebase();
    }
    if (arrivals.standingMs <= DRAINED_MS + noiseMs) {
      // What a full queue dropped says nothing of what follows.
      arrivals.forgetLoss();
      const resume = isLosing() ? LOSSY_RESUME_AT : RESUME_AT;
      const known = drain.seen === undefined ? drain.targetBefore : drain.seen;
      target = bounded(Math.max(target, known * resume));
      drain = undefined;
      longSinceMs = undefined;
      return;
    }
    // Only packets that waited for one another tell what the road carries.
    if (trainBitrate !== null) {
      drain.seen = Math.min(carried(), drain.targetBefore * MOST_SEEN);
      seen = { bitrate: drain.seen, atMs };
    }
    // Gone within 400 ms, unless that would leave next to nothing of the picture.
    const share = Math.min(0.85, Math.max(0.4, 1 - Math.max(standingMs, newestMs / 2) / 400));
    target = bounded(Math.min(target, (drain.seen ?? drain.targetBefore) * share));
  };

  const isTooLossy = (): boolean =>
    arrivals.loss > LOSS_LIMIT + LOSS_CHANCE / Math.sqrt(Math.max(1, arrivals.judged));

  const steerLoss = (atMs: number): void => {
    if (drain || !isTooLossy() || atMs - lossCutAtMs < LOSS_PAUSE_MS) return;
    lossCutAtMs = atMs;
    target = bounded(target * (1 - 0.5 * arrivals.loss));
  };

  const grow = (atMs: number): void => {
    const sinceMs = Math.min(250, atMs - (grownAtMs ?? atMs));
    grownAtMs = atMs;
    if (drain || isTooLossy() || arrivals.standingMs > QUEUE_LIMIT_MS / 2) return;
    const wide = (arrivals.trainBitrate ?? 0) / (1 - Math.min(0.3, arrivals.usualLoss));
    const isWide = wide > target * WIDE_FROM && atMs > hint.distrustedUntilMs;
    // Where there is nothing to gain, nothing is believed either.
    if (isWide && target < maxBitrate * 0.9) hint = { ...hint, bitrate: wide, atMs };
    // Trains of packets say where the road ends before a queue does, but too early where it trembles.
    const isAtEnd = arrivals.trainBitrate !== null && wide < target * NEAR_END;
    // An encoder follows late: a queue that begins here is long before anything is done about it.
    const isPastEnd = isAtEnd && wide < target;
    const isKnown = seen !== undefined && target < seen.bitrate * NEAR_UNTIL;
    const isNear = !isWide && (isPastEnd || isKnown);
    const near = isLosing() ? LOSSY_GROWTH_NEAR : GROWTH_NEAR;
    const far = isAtEnd ? GROWTH_UNSURE : GROWTH_FAR;
    const growth = isNear ? near : far;
    const grown = target * growth ** (sinceMs / 1000);
    // A source that gives less than it may says nothing about the road.
    const ceiling = Math.max(target, arrivals.ackedBitrate * AHEAD + 50_000);
    target = bounded(Math.min(grown, ceiling));
  };

  return {
    onSent: (packet) => arrivals.onSent(packet),
    onStandstill(durationMs, atMs) {
      arrivals.onStandstill(durationMs, atMs);
      // A queue that was seen before has not been seen any longer since.
      if (longSinceMs !== undefined) longSinceMs = Math.min(atMs, longSinceMs + durationMs);
      if (drain) drain.lowestAtMs = Math.min(atMs, drain.lowestAtMs + durationMs);
    },
    onFeedback(feedback, atMs) {
      if (!arrivals.onFeedback(feedback, atMs)) return;
      hasFeedback = true;
      heardAtMs = atMs;
      if (silence) {
        // The road was gone, and may be the same again; if the viewer only did not look, it is the same.
        const share = arrivals.isHeldUp ? 1 : AFTER_SILENCE;
        target = bounded(Math.max(target, silence.bitrate * share));
        if (!arrivals.isHeldUp) seen = undefined;
        silence = undefined;
        arrivals.forgetLoss();
      }
      if (arrivals.isEvidence) steerQueue(atMs);
      steerLoss(atMs);
      grow(atMs);
      isCongested = isCongested
        ? arrivals.standingMs > DRAINED_MS * 2
        : arrivals.standingMs > CONGESTED_MS;
    },
    onReceiverReport(report, atMs) {
      const lossRatio = Math.min(1, Math.max(0, report.lossRatio || 0));
      reported = { lossRatio, rttMs: report.rttMs ?? reported.rttMs };
      if (hasFeedback) return;
      heardAtMs = atMs;
      if (lossRatio > 0.1) target = bounded(target * (1 - 0.5 * lossRatio));
      else if (lossRatio < 0.02) target = bounded(target * 1.05);
    },
    onBitrateEstimate(bitrate, atMs) {
      if (hasFeedback || !Number.isFinite(bitrate) || bitrate <= 0) return;
      heardAtMs = atMs;
      target = bounded(bitrate);
    },
    onTick(atMs) {
      if (!hasFeedback || heardAtMs === undefined) return;
      const waitedMs = arrivals.unansweredMs(atMs);
      if (waitedMs < SILENCE_MS + 2 * (arrivals.rttMs ?? 0)) return;
      isCongested = true;
      if (!silence) {
        // Most silences end soon, and nothing changes for others who watch the same.
        silence = { bitrate: target };
        silentCutAtMs = atMs;
      }
      if (atMs - silentCutAtMs < SILENCE_MS) return;
      silentCutAtMs = atMs;
      target = bounded(target * 0.7);
    },
    read: () => ({
      targetBitrate: target,
      queueMs: Math.max(0, arrivals.standingMs),
      lossRatio: hasFeedback ? arrivals.loss : reported.lossRatio,
      rttMs: arrivals.rttMs ?? reported.rttMs,
      ackedBitrate: arrivals.ackedBitrate,
      burstBitrate:
        heardAtMs !== undefined && heardAtMs > hint.distrustedUntilMs
          ? arrivals.trainBitrate
          : null,
      isCongested,
    }),
  };
}
