// Prints how roads fare: node --conditions=@millrace/source packages/streaming/test/network/print-scenarios.ts tuning

import { middleOf } from "./judge-road.ts";
import {
  busyScenarios,
  checkedScenarios,
  holdOutScenarios,
  type Scenario,
  seenScenarios,
  stalledScenarios,
  tuningScenarios,
} from "./scenarios.ts";
import { type SimulatedRun, simulateRuns } from "./simulate.ts";

const RUNS = 5;

const [which = "tuning", only, isTraced] = process.argv.slice(2);
const sets = {
  tuning: tuningScenarios,
  busy: busyScenarios,
  checked: checkedScenarios,
  seen: seenScenarios,
  stalled: stalledScenarios,
  "hold-out": holdOutScenarios,
};
const scenarios = sets[which as keyof typeof sets];
let met = 0;
for (const [i, scenario] of scenarios.entries()) {
  if (only !== undefined && only !== "all" && Number(only) !== i) continue;
  const runs = simulateRuns(scenario, RUNS);
  if (isTraced !== undefined) for (const line of runs[0]?.trace ?? []) console.log(line);
  const middle = middleOf(scenario, runs);
  if (middle.missed.length === 0) met += 1;
  const sum = (pick: (run: SimulatedRun) => number): number =>
    Math.round(runs.reduce((total, run) => total + pick(run), 0) / runs.length);
  const longest = Math.max(...runs.map(({ stallMs }) => stallMs));
  const broken = sum((run) => run.broken);
  console.log(
    `${String(i).padStart(2)} ${words(scenario)}: stall ${Math.round(middle.stallMs)} (${Math.round(longest)}), age ${Math.round(middle.ageP50Ms)}/${Math.round(middle.ageP95Ms)}, used ${Math.round(middle.utilisation * 100)} %, back in ${middle.recoveryMs}, ${middle.framerate.toFixed(1)} fps, ${sum((run) => run.keyFrames)} key, ${sum((run) => run.dropped)} dropped, ${sum((run) => run.repeated)} again${broken > 0 ? `, BROKEN ${broken}` : ""}${middle.missed.length > 0 ? `  MISSED ${middle.missed.join("; ")}` : ""}`,
  );
}
console.log(`${which}: ${met} of ${scenarios.length} as wanted, medians of ${RUNS} runs`);

function words({ rttMs, lossRatio, lossBurst, queueMs, jitterMs }: Scenario): string {
  return `rtt ${rttMs} loss ${(lossRatio * 100).toFixed(1)} % x${lossBurst} queue ${queueMs} jitter ${jitterMs}`;
}
