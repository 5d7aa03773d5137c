import { middleOf } from "../packages/streaming/test/network/judge-road.ts";
import { type NetworkRun, runOverNetwork } from "../packages/streaming/test/network/network-run.ts";
import type { Scenario } from "../packages/streaming/test/network/scenarios.ts";
import { startBrowser } from "../packages/streaming/test/stream-page.ts";

/** How a road fared, over several runs. */
export interface NetworkResult {
  readonly what: string;
  readonly runs: readonly NetworkRun[];
  /** The medians. */
  readonly middle: ReturnType<typeof middleOf>;
  readonly differences: readonly string[];
}

/** Times there and back in milliseconds, and shares lost: those where one repetition comes in time. */
export const NETWORK_ROADS: readonly (readonly [rttMs: number, lossRatio: number])[] = [
  [20, 0],
  [20, 0.02],
  [20, 0.05],
  [60, 0],
  [60, 0.02],
  [100, 0],
  [100, 0.02],
];

/** Length of each stretch of the road, in milliseconds. */
const STRETCH_MS = 9_000;

/** Roads of 2, 1, 0.5 and 2 Mbit/s; their chances come from a seed that nothing was tuned with. */
export function networkScenario(
  rttMs: number,
  lossRatio: number,
  seed: number,
  stretchMs: number = STRETCH_MS,
): Scenario {
  return {
    steps: [2, 1, 0.5, 2].map((mbit, at) => ({ fromMs: at * stretchMs, bitrate: mbit * 1e6 })),
    untilMs: 4 * stretchMs,
    rttMs,
    lossRatio,
    lossBurst: 1,
    backLossRatio: 0,
    queueMs: 300,
    jitterMs: 2,
    maxBitrate: 2_500_000,
    seed: 40_000 + seed,
  };
}

/** Streams to Chromium over real sockets, road after road, each several times. */
export async function* streamOverNetwork(
  roads: readonly (readonly [rttMs: number, lossRatio: number])[],
  from: number,
  runsEach: number,
): AsyncGenerator<NetworkResult> {
  const browser = await startBrowser();
  try {
    for (const [rttMs, lossRatio] of roads) {
      const runs: NetworkRun[] = [];
      for (let run = 0; run < runsEach; run++) {
        runs.push(await runOverNetwork(browser, networkScenario(rttMs, lossRatio, from + run)));
      }
      const middle = middleOf(networkScenario(rttMs, lossRatio, from), runs);
      const { stallMs, ageP50Ms, ageP95Ms, utilisation, recoveryMs, framerate } = middle;
      const longest = Math.max(...runs.map((run) => run.stallMs));
      const outOfOrder = runs.reduce((sum, run) => sum + run.outOfOrder, 0);
      yield {
        what: `rtt ${rttMs} ms, loss ${lossRatio * 100} %: stall ${Math.round(stallMs)} ms (longest ${Math.round(longest)}), age p50 ${Math.round(ageP50Ms)}, p95 ${Math.round(ageP95Ms)} ms, used ${Math.round(utilisation * 100)} %, back in ${recoveryMs} ms, ${framerate.toFixed(1)} fps`,
        runs,
        middle,
        differences: [
          ...middle.missed,
          ...(outOfOrder > 0 ? [`${outOfOrder} frames out of order`] : []),
        ],
      };
    }
  } finally {
    await browser.close();
  }
}
