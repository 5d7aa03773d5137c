import type { BottleneckOptions } from "./bottleneck.ts";
import type { PauseOptions } from "./pauses.ts";
import { seededRandom } from "./seeded-random.ts";

/** A road and how it changes. */
export interface Scenario extends Omit<BottleneckOptions, "delayMs"> {
  /** There and back. */
  readonly rttMs: number;
  /** Of what the viewer says. */
  readonly backLossRatio: number;
  readonly untilMs: number;
  /** What the encoder gives at most. */
  readonly maxBitrate: number;
  /** When the sender's machine stands still; only where time is simulated. @defaultValue never */
  readonly senderPauses?: PauseOptions;
  /** Whether the viewer tells of packets that were sent again; only where it is simulated. @defaultValue true */
  readonly tellsOfRepetitions?: boolean;
}

const STEPS = [2, 1, 0.5, 2].map((mbit, i) => ({ fromMs: i * 12_000, bitrate: mbit * 1e6 }));
const OTHER_STEPS = [2, 1, 0.5, 2].map((mbit, i) => ({
  fromMs: i * 14_500 + (i > 0 ? 700 : 0),
  bitrate: mbit * 1e6,
}));

/** Roads that the rate control was made with. */
export const tuningScenarios: readonly Scenario[] = [20, 60, 100].flatMap((rttMs) =>
  [0, 0.02, 0.05, 0.1].flatMap((lossRatio) =>
    [100, 150, 400].map((queueMs, i) => ({
      steps: STEPS,
      untilMs: 48_000,
      rttMs,
      lossRatio,
      lossBurst: 1,
      backLossRatio: 0,
      queueMs,
      jitterMs: [2, 0, 5][i] ?? 0,
      maxBitrate: 2_500_000,
      seed: rttMs + queueMs + lossRatio * 100,
    })),
  ),
);

/** Viewers on machines that have too much to do, with which the rate control was made as well. */
export const busyScenarios: readonly Scenario[] = [20, 80].flatMap((rttMs) =>
  [
    { everyMs: 300, mostMs: 60 },
    { everyMs: 400, mostMs: 150 },
    { everyMs: 60, mostMs: 120 },
    { everyMs: 80, mostMs: 300 },
  ].flatMap((pauses, i) =>
    [STEPS, [{ fromMs: 0, bitrate: 5e7 }]].map((steps) => ({
      steps,
      untilMs: 48_000,
      rttMs,
      lossRatio: 0,
      lossBurst: 1,
      backLossRatio: 0,
      queueMs: 300,
      jitterMs: 2,
      pauses,
      maxBitrate: 2_500_000,
      seed: 5_000 + rttMs + i,
    })),
  ),
);

/** Roads that were looked at after the first version was made, and for which it was changed. */
export const checkedScenarios: readonly Scenario[] = [20, 35, 50, 80, 100].flatMap((rttMs) =>
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

const LAST_STEPS = [2, 1, 0.5, 2].map((mbit, i) => ({
  fromMs: i * 13_300 + (i > 1 ? 410 : 0),
  bitrate: mbit * 1e6,
}));

const firstSeen: readonly Scenario[] = [25, 45, 70, 95].flatMap((rttMs) =>
  [0, 0.015, 0.04, 0.06, 0.09].flatMap((lossRatio) =>
    [
      { queueMs: 120, jitterMs: 1, lossBurst: 1, backLossRatio: lossRatio / 3 },
      { queueMs: 200, jitterMs: 7, lossBurst: 1.8, backLossRatio: 0 },
      { queueMs: 500, jitterMs: 3, lossBurst: 1, backLossRatio: 0 },
    ].map((rest, i) => ({
      ...rest,
      steps: LAST_STEPS,
      untilMs: 54_000,
      rttMs,
      lossRatio,
      maxBitrate: 2_500_000,
      seed: 700_001 + rttMs * 313 + Math.round(lossRatio * 1_000) * 53 + i * 7,
    })),
  ),
);

/** Shares lost of the roads that are kept back, twelve of each. */
const HOLD_OUT_LOSSES: readonly number[] = [0, 0.02, 0.045, 0.07, 0.1];

/** Roads that were kept back for a time, then looked at, and after which things were changed. */
export const seenScenarios: readonly Scenario[] = [...firstSeen, ...drawScenarios(3_120_457)];

/**
 * Roads drawn by chance, which nothing was made with. Whoever looks at how they fare and changes something for it must
 * move them to those that were seen, and draw others.
 */
export const holdOutScenarios: readonly Scenario[] = drawScenarios(5_208_911);

function drawScenarios(seed: number): readonly Scenario[] {
  const random = seededRandom(seed);
  const between = (low: number, high: number): number => Math.round(low + random() * (high - low));
  return HOLD_OUT_LOSSES.flatMap((lossRatio) =>
    Array.from({ length: 12 }, (_, i) => {
      const stretchMs = between(11_000, 15_000);
      return {
        steps: [2, 1, 0.5, 2].map((mbit, at) => ({ fromMs: at * stretchMs, bitrate: mbit * 1e6 })),
        untilMs: 4 * stretchMs,
        rttMs: between(20, 100),
        lossRatio,
        lossBurst: i % 3 === 2 ? between(13, 25) / 10 : 1,
        backLossRatio: i % 2 === 0 ? lossRatio / 3 : 0,
        queueMs: between(100, 600),
        jitterMs: between(0, 8),
        maxBitrate: 2_500_000,
        seed: between(1, 1e9),
      };
    }),
  );
}

/** A road that carries far more than is sent, between machines of which one stands still again and again. */
const AMPLE = {
  steps: [{ fromMs: 0, bitrate: 2e7 }],
  untilMs: 40_000,
  lossRatio: 0,
  lossBurst: 1,
  backLossRatio: 0,
  queueMs: 300,
  jitterMs: 2,
  maxBitrate: 2_500_000,
};

/**
 * Machines that stand still, on either side, while the road is ample: none is a reason to send less. Where it is the
 * viewer's for more than a second, nobody can tell it from a road that is gone.
 */
export const stalledScenarios: readonly Scenario[] = [20, 80].flatMap((rttMs) => [
  { ...AMPLE, rttMs, senderPauses: { everyMs: 4_000, mostMs: 1_600 }, seed: 8_003 + rttMs },
  ...[
    { everyMs: 200, mostMs: 100 },
    { everyMs: 500, mostMs: 350 },
    { everyMs: 1_500, mostMs: 900 },
  ].flatMap((standstill, i) => [
    { ...AMPLE, rttMs, senderPauses: standstill, seed: 8_000 + rttMs + i },
    { ...AMPLE, rttMs, pauses: standstill, seed: 8_500 + rttMs + i },
    { ...AMPLE, rttMs, pauses: standstill, senderPauses: standstill, seed: 8_900 + rttMs + i },
  ]),
]);
