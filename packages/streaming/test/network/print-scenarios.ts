// Prints how roads fare: node --conditions=@millrace/source packages/streaming/test/network/print-scenarios.ts tuning

import { holdOutScenarios, type Scenario, tuningScenarios } from "./scenarios.ts";
import { simulate } from "./simulate.ts";

const [which = "tuning", only, isTraced] = process.argv.slice(2);
const scenarios = which === "tuning" ? tuningScenarios : holdOutScenarios;
let met = 0;
for (const [i, scenario] of scenarios.entries()) {
  if (only !== undefined && only !== "all" && Number(only) !== i) continue;
  const run = simulate(scenario, process.env["THINNED"] === "1");
  if (isTraced !== undefined) for (const line of run.trace) console.log(line);
  if (run.missed.length === 0) met += 1;
  console.log(
    `${String(i).padStart(2)} ${words(scenario)}: stall ${Math.round(run.stallMs)}, age ${Math.round(run.ageP50Ms)}/${Math.round(run.ageP95Ms)}, used ${Math.round(run.utilisation * 100)} %, back in ${run.recoveryMs}, ${run.framerate.toFixed(1)} fps, ${run.keyFrames} key, ${run.dropped} dropped, ${run.repeated} again${run.broken > 0 ? `, BROKEN ${run.broken}` : ""}${run.missed.length > 0 ? `  MISSED ${run.missed.join("; ")}` : ""}`,
  );
}
console.log(`${which}: ${met} of ${scenarios.length} as wanted`);

function words({ rttMs, lossRatio, lossBurst, queueMs, jitterMs }: Scenario): string {
  return `rtt ${rttMs} loss ${lossRatio * 100} % x${lossBurst} queue ${queueMs} jitter ${jitterMs}`;
}
