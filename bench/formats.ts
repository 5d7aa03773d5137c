// Every format and compression of the sink, and what else npm has: the same data into a fresh database each.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { type DataSize, dataSamples } from "./bench-data.ts";
import { type FormatRow, formatRows, rowName, sizeOf } from "./format-rows.ts";
import { type MeasuredLoad, measureLoad } from "./measure-load.ts";
import { median } from "./median.ts";
import { serverName } from "./server-name.ts";
import { tableRow } from "./table-row.ts";

const { values: flags } = parseArgs({
  options: {
    runs: { type: "string", default: "3" },
    series: { type: "string", default: "5000" },
    days: { type: "string", default: "2" },
    doubles: { type: "boolean", default: false },
    binary: { type: "string", multiple: true, default: ["/usr/bin/victoria-metrics"] },
  },
});
const WIDTHS = [36, 6, 14, 14, 8, 10, 10, 10] as const;
const HEADER = ["M/s", "client CPU-s/M", "server CPU-s/M", "B/sample"];

/** What one round gave, row by row; a text where there is no result. */
type Round = ReadonlyMap<FormatRow, MeasuredLoad | string>;

const runs = Number(flags.runs);
const size: DataSize = {
  series: Number(flags.series),
  days: Number(flags.days),
  values: flags.doubles ? "doubles" : "whole",
};
const rows = formatRows();
const [defaultRow] = rows;
if (defaultRow === undefined) throw new Error("The sink offers nothing.");

console.log(
  `${cpus().length} x ${cpus()[0]?.model}, Node ${process.versions.node}; ${runs} runs, the rows of a run one after the other`,
);
console.log(
  `${size.series} series, ${(dataSamples(size) / 1e6).toFixed(2)} M samples, ${size.values === "whole" ? "whole numbers" : "numbers with two decimals"}; with * a quarter of the series`,
);
for (const binary of flags.binary) {
  const rounds: Round[] = [];
  for (let run = 1; run <= runs; run++) {
    console.log(`\nrun ${run}, ${serverName(binary)}`);
    console.log(tableRow(["", ...HEADER], WIDTHS));
    rounds.push(await measureRound(binary, rounds.at(-1)));
  }
  console.log(
    `\nMEDIANS of ${runs}, ${serverName(binary)}; ratios to ${rowName(defaultRow)} in the same run`,
  );
  console.log(tableRow(["", ...HEADER, "M/s ratio", "client CPU", "server CPU"], WIDTHS));
  for (const row of rows) print(row, medians(row, rounds), ratios(row, rounds));
}

async function measureRound(binary: string, previous: Round | undefined): Promise<Round> {
  const round = new Map<FormatRow, MeasuredLoad | string>();
  for (const row of rows) {
    // What did not work will not work the next time.
    const known = previous?.get(row);
    const outcome =
      typeof known === "string"
        ? known
        : await measureLoad(row, sizeOf(row, size), binary).catch(
            (error: unknown) => `no result: ${error}`,
          );
    round.set(row, outcome);
    print(row, outcome, []);
  }
  return round;
}

function medians(row: FormatRow, rounds: readonly Round[]): MeasuredLoad | string {
  const loads: MeasuredLoad[] = [];
  for (const round of rounds) {
    const outcome = round.get(row) ?? "no result";
    if (typeof outcome === "string") return outcome;
    loads.push(outcome);
  }
  const of = (pick: (load: MeasuredLoad) => number): number => median(loads.map(pick));
  return {
    samplesPerSecond: of((load) => load.samplesPerSecond),
    clientCpuPerMillion: of((load) => load.clientCpuPerMillion),
    serverCpuPerMillion: of((load) => load.serverCpuPerMillion),
    bytesPerSample: of((load) => load.bytesPerSample),
  };
}

/** Of samples/s, client CPU and database CPU, each the median of the rounds. */
function ratios(row: FormatRow, rounds: readonly Round[]): readonly number[] {
  const ratio = (pick: (load: MeasuredLoad) => number): number =>
    median(
      rounds.map((round) => {
        const load = round.get(row);
        const base = round.get(defaultRow as FormatRow);
        if (typeof load !== "object" || typeof base !== "object") return Number.NaN;
        return pick(load) / pick(base);
      }),
    );
  return [
    ratio((load) => load.samplesPerSecond),
    ratio((load) => load.clientCpuPerMillion),
    ratio((load) => load.serverCpuPerMillion),
  ];
}

function print(row: FormatRow, outcome: MeasuredLoad | string, ratios: readonly number[]): void {
  if (typeof outcome === "string") {
    console.log(`${rowName(row).padEnd(WIDTHS[0])}  ${outcome}`);
    return;
  }
  const cells = [
    rowName(row),
    (outcome.samplesPerSecond / 1e6).toFixed(2),
    outcome.clientCpuPerMillion.toFixed(3),
    outcome.serverCpuPerMillion.toFixed(3),
    outcome.bytesPerSample.toFixed(2),
    ...ratios.map((ratio) => ratio.toFixed(2)),
  ];
  console.log(tableRow(cells, WIDTHS));
}
