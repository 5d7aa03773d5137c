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
/** What a single frame may find before it; a key frame makes such a queue for a moment. */
const BURST_LIMIT_MS = 100;
const DRAINED_MS = 14;
const CONGESTED_MS = 220;
/** A queue that does not shrink for so long while little is sent is no queue: the road has become longer. */
const NO_QUEUE_AFTER_MS = 1_500;
/** Loss up to here says nothing about the rate. */
const LOSS_LIMIT = 0.14;
const LOSS_PAUSE_MS = 1_000;
/** Shares of what the road carries: begun with after a queue, and in which one feels one's way. */
const RESUME_AT = 0.92;
const NEAR_UNTIL = 1.06;
/** Growth by the second. */
const GROWTH_NEAR = 1.06;
const GROWTH_FAR = 1.6;
const SILENCE_MS = 600;

/**
 * Makes a {@link RateController}. It keeps the queue before the narrow place short: when one stands, it sends less than
 * came through until the queue is gone, then begins a little below what the road was seen to carry, and goes on
 * from there, slowly near that rate and fast beyond it. Loss alone is no reason to send less below some 14 %.
 */
export function createRateController(options: RateControllerOptions = {}): RateController {
  const { minBitrate = 100_000, maxBitrate = 2_500_000, startBitrate = 1_000_000 } = options;
  const arrivals: ArrivalWindow = createArrivalWindow();
  const bounded = (bitrate: number): number => Math.min(maxBitrate, Math.max(minBitrate, bitrate));

  let target = bounded(startBitrate);
  /** What the road was seen to carry while it had a queue, and when. */
  let seen: { bitrate: number; atMs: number } | undefined;
  let drain: { sinceMs: number; lowestMs: number; lowestAtMs: number } | undefined;
  let isCongested = false;
  let grownAtMs: number | undefined;
  let lossCutAtMs = Number.NEGATIVE_INFINITY;
  let heardAtMs: number | undefined;
  let silentCutAtMs = Number.NEGATIVE_INFINITY;
  let reported = { lossRatio: 0, rttMs: null as number | null };
  let hasFeedback = false;

  /** Sent to fill the road: what was lost on the way has been sent as well. */
  const carried = (): number => arrivals.carriedBitrate / (1 - Math.min(0.3, arrivals.usualLoss));

  const steerQueue = (atMs: number): void => {
    const { standingMs, newestMs } = arrivals;
    if (!drain && (standingMs > QUEUE_LIMIT_MS || newestMs > BURST_LIMIT_MS)) {
      drain = { sinceMs: atMs, lowestMs: standingMs, lowestAtMs: atMs };
    }
    if (!drain) return;
    if (standingMs < drain.lowestMs * 0.9) {
      drain.lowestMs = standingMs;
      drain.lowestAtMs = atMs;
    }
    if (atMs - drain.lowestAtMs > NO_QUEUE_AFTER_MS && standingMs < drain.lowestMs + 30) {
      arrivals.rebase();
    }
    if (arrivals.standingMs <= DRAINED_MS) {
      drain = undefined;
      if (seen) target = bounded(Math.max(target, seen.bitrate * RESUME_AT));
      return;
    }
    const bitrate = carried();
    if (bitrate > 0) seen = { bitrate, atMs };
    // Gone within 400 ms, unless that would leave next to nothing of the picture.
    const share = Math.min(0.85, Math.max(0.4, 1 - Math.max(standingMs, newestMs / 2) / 400));
    target = bounded(Math.min(target, (seen?.bitrate ?? target) * share));
  };

  const steerLoss = (atMs: number): void => {
    if (drain || arrivals.loss <= LOSS_LIMIT || atMs - lossCutAtMs < LOSS_PAUSE_MS) return;
    lossCutAtMs = atMs;
    target = bounded(target * (1 - 0.5 * arrivals.loss));
  };

  const grow = (atMs: number): void => {
    const sinceMs = Math.min(250, atMs - (grownAtMs ?? atMs));
    grownAtMs = atMs;
    if (drain || arrivals.loss > LOSS_LIMIT || arrivals.standingMs > QUEUE_LIMIT_MS / 2) return;
    const isNear = seen !== undefined && target < seen.bitrate * NEAR_UNTIL;
    const grown = target * (isNear ? GROWTH_NEAR : GROWTH_FAR) ** (sinceMs / 1000);
    // A source that gives less than it may says nothing about the road.
    const ceiling = Math.max(target, arrivals.ackedBitrate * 1.6 + 50_000);
    target = bounded(Math.min(grown, ceiling));
  };

  return {
    onSent: (packet) => arrivals.onSent(packet),
    onFeedback(feedback, atMs) {
      if (!arrivals.onFeedback(feedback, atMs)) return;
      hasFeedback = true;
      heardAtMs = atMs;
      steerQueue(atMs);
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
      isCongested,
    }),
  };
}
