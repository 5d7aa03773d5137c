// Runs campaigns: npm run campaign -- exact --seeds 200 --from 1
import { parseArgs } from "node:util";
import { startVictoriaMetrics } from "@millrace/vm-sink/server";
import { loadExactly } from "./exact.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string", default: "200" },
    from: { type: "string", default: "1" },
    binary: { type: "string" },
  },
});
const [name = "exact"] = positionals;
if (name !== "exact") throw new Error(`No campaign "${name}"; there is: exact.`);

const from = Number(flags.from);
const to = from + Number(flags.seeds);
let [samples, failures] = [0, 0];
await using database = await startVictoriaMetrics(
  flags.binary === undefined ? {} : { binary: flags.binary },
);
for (let seed = from; seed < to; seed++) {
  const result = await loadExactly(database.url, seed);
  samples += result.samples;
  if (result.differences.length > 0) {
    failures += 1;
    console.log(`seed ${seed}: ${JSON.stringify(result.spec)}`);
    for (const difference of result.differences) console.log(`  ${difference}`);
  }
}
console.log(
  `exact: ${to - from} archives, ${samples.toLocaleString("en-US")} samples, ${failures} not exact (TZ ${process.env["TZ"] ?? "not set"})`,
);
process.exitCode = failures === 0 ? 0 : 1;
