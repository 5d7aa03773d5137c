import type { BottleneckOptions } from "./bottleneck.ts";

/** A road and how it changes. */
export interface Scenario extends Omit<BottleneckOptions, "delayMs"> {
  /** There and back. */
  readonly rttMs: number;
  /** Of what the viewer says. */
  readonly backLossRatio: number;
  readonly untilMs: number;
  /** What the encoder gives at most. */
  readonly maxBitrate: number;
}

const STEPS = [2, 1, 0.5, 2].map((mbit, i) => ({ fromMs: i * 12_000, bitrate: mbit * 1e6 }));
const OTHER_STEPS = [2, 1, 0.5, 2].map((mbit, i) => ({
  fromMs: i * 14_500 + (i > 0 ? 700 : 0),
  bitrate: mbit * 1e6,
}));

/** Roads that the rate control was made with. */
export const tuningScenarios: readonly Scenario[] = [20, 60, 100].flatMap((rttMs) =>
  [0, 0.02, 0.05, 0.1].flatMap((lossRatio) =>
    [150, 400].map((queueMs, i) => ({
      steps: STEPS,
      untilMs: 48_000,
      rttMs,
      lossRatio,
      lossBurst: 1,
      backLossRatio: 0,
      queueMs,
      jitterMs: i * 5,
      maxBitrate: 2_500_000,
      seed: rttMs + queueMs + lossRatio * 100,
    })),
  ),
);

/** Roads that were looked at only when the rate control was made: other times, lengths, losses, queues and seeds. */
export const holdOutScenarios: readonly Scenario[] = [20, 35, 50, 80, 100].flatMap((rttMs) =>
  [0, 0.01, 0.03, 0.07, 0.1].flatMap((lossRatio) =>
    [
      { queueMs: 100, jitterMs: 2, lossBurst: 1, backLossRatio: lossRatio / 2 },
      { queueMs: 250, jitterMs: 10, lossBurst: 2.5, backLossRatio: 0 },
      { queueMs: 600, jitterMs: 0, lossBurst: 1, backLossRatio: 0 },
    ].map((rest, i) => ({
      ...rest,
      steps: OTHER_STEPS,
      untilMs: 58_000,
      rttMs,
      lossRatio,
      maxBitrate: 2_500_000,
      seed: 90_001 + rttMs * 131 + lossRatio * 10_007 + i * 17,
    })),
  ),
);
