// How near the batcher comes to the best rule of the form "so many, or so long" that one could have chosen had one known
// the trace before. See bench/README.md.
import { parseArgs } from "node:util";
import { type Latencies, runBatcher, runStatic, type StaticPolicy } from "./batching-policies.ts";
import { DEVICES, type Device, MAX_BATCH, TRACES } from "./batching-traces.ts";
import { tableRow } from "./table-row.ts";

const { values } = parseArgs({
  options: {
    // The constants of the batcher were chosen by the seeds 1 to 5, so those are not reported.
    seeds: { type: "string", default: "101,102,103,104,105" },
  },
});
const seeds = values.seeds.split(",").map(Number);
const SIZES = [1, 2, 3, 4, 6, 8, 12, 16, 24, MAX_BATCH];
/** In times of a batch of one. */
const DELAYS = [0, 0.1, 0.25, 0.5, 1, 2, 4, 8];
/** What a server has when nobody has set anything: a full batch, or a tenth of a batch's time. */
const FIXED = { size: MAX_BATCH, delays: 0.1 };

const policyOf = ({ perItemMs, fixedMs }: Device, size: number, delays: number): StaticPolicy => ({
  size,
  delayMs: delays * (perItemMs + fixedMs),
});
const mean = (list: readonly number[]): number =>
  list.reduce((sum, value) => sum + value, 0) / list.length;
const ratio = (value: number): string => value.toFixed(3);

interface Row {
  readonly ours: number;
  readonly p99: number;
  readonly greedy: number;
  readonly fixed: number;
}
const rows: Row[] = [];

console.log(
  `Seeds ${seeds.join(", ")}; ratios of latencies to the best static policy of each trace.\n`,
);
const WIDTHS = [14, 20, 6, 10, 6, 10, 9, 14];
console.log(
  tableRow(
    ["device", "trace", "mean", "worst seed", "p99", "32 at once", "32 or 0.1", "best rule"],
    WIDTHS,
  ),
);
for (const device of DEVICES) {
  for (const kind of TRACES) {
    const found: (Row & { readonly best: string })[] = [];
    for (const seed of seeds) {
      const trace = kind.make(device, seed);
      let best: (Latencies & { readonly policy: StaticPolicy }) | undefined;
      let bestP99 = Number.POSITIVE_INFINITY;
      for (const size of SIZES) {
        for (const delays of DELAYS) {
          const policy = policyOf(device, size, delays);
          const result = runStatic(device, trace, seed, policy);
          if (best === undefined || result.meanMs < best.meanMs) best = { ...result, policy };
          bestP99 = Math.min(bestP99, result.p99Ms);
        }
      }
      if (best === undefined) throw new Error("There are no policies.");
      const ours = await runBatcher(device, trace, seed);
      const versus = (size: number, delays: number): number =>
        runStatic(device, trace, seed, policyOf(device, size, delays)).meanMs / best.meanMs;
      found.push({
        ours: ours.meanMs / best.meanMs,
        p99: ours.p99Ms / bestP99,
        greedy: versus(MAX_BATCH, 0),
        fixed: versus(FIXED.size, FIXED.delays),
        best: `${best.policy.size} or ${best.policy.delayMs.toFixed(1)} ms`,
      });
    }
    const over = (key: keyof Row): number => mean(found.map((row) => row[key]));
    rows.push({
      ours: over("ours"),
      p99: over("p99"),
      greedy: over("greedy"),
      fixed: over("fixed"),
    });
    console.log(
      tableRow(
        [
          ...[device.name, kind.name, ratio(over("ours"))],
          ...[ratio(Math.max(...found.map(({ ours }) => ours))), ratio(over("p99"))],
          ...[ratio(over("greedy")), ratio(over("fixed")), found[0]?.best ?? ""],
        ],
        WIDTHS,
      ),
    );
  }
}
const worst = (key: keyof Row): string => ratio(Math.max(...rows.map((row) => row[key])));
const all = (key: keyof Row): string => ratio(mean(rows.map((row) => row[key])));
console.log(
  `\n${rows.length} rows: mean ${all("ours")}, worst ${worst("ours")} of the best rule's mean latency;`,
);
console.log(
  `p99 in the mean ${all("p99")}, at worst ${worst("p99")} of the lowest p99 of any rule;`,
);
console.log(
  `one rule for all: 32 at once ${all("greedy")} (worst ${worst("greedy")}), 32 or 0.1 of a batch ${all("fixed")} (worst ${worst("fixed")}).`,
);
