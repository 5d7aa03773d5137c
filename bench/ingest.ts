// Archive to VictoriaMetrics, whole processes, against the ceiling: the same bodies, recorded and replayed.
import { existsSync, mkdirSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { generateArchive, writeZip } from "@millrace/ingest/testing";
import { type Measured, measureCeiling, measurePipeline } from "./measure.ts";
import { median } from "./median.ts";
import { recordBodies } from "./record-bodies.ts";
import { serverName } from "./server-name.ts";
import { tableRow } from "./table-row.ts";

const { values: flags } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    sizes: { type: "string", default: "1.5,12,60" },
    binary: { type: "string", multiple: true, default: ["/usr/bin/victoria-metrics"] },
  },
});
const WIDTHS = [16, 12, 12, 14, 14, 12, 12] as const;
const HEADER = tableRow(
  [
    "",
    "M/s accept.",
    "M/s durable",
    "client CPU-s/M",
    "server CPU-s/M",
    "peak RSS MB",
    "disk writes",
  ],
  WIDTHS,
);

const runs = Number(flags.runs);
const cache = join(fileURLToPath(new URL("../.cache/bench/", import.meta.url)));
mkdirSync(cache, { recursive: true });

console.log(
  `${cpus().length} x ${cpus()[0]?.model}, Node ${process.versions.node}, ${runs} runs each\n`,
);
for (const size of flags.sizes.split(",").map(Number)) {
  const archive = join(cache, `oceanstor-${size}M.zip`);
  if (!existsSync(archive)) {
    await writeZip(generateArchive({ seed: 11, targetSamples: size * 1e6 }), archive);
  }
  // In memory where there is a memory file system, so that replaying measures no disk.
  const shared = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const bodies = await recordBodies(archive, join(shared, `millrace-bodies-${process.pid}`));
  try {
    for (const binary of flags.binary) {
      const pipeline: Measured[] = [];
      const ceiling: Measured[] = [];
      console.log(`${(bodies.samples / 1e6).toFixed(2)} M samples, ${serverName(binary)}`);
      console.log(HEADER);
      for (let run = 0; run < runs; run++) {
        pipeline.push(await measurePipeline(archive, bodies.samples, binary));
        ceiling.push(await measureCeiling(bodies, binary));
        print("pipeline", pipeline.at(-1));
        print("ceiling", ceiling.at(-1));
      }
      print("MEDIAN pipeline", medians(pipeline));
      print("MEDIAN ceiling", medians(ceiling));
      const ratios = pipeline.map(
        (p, i) => p.samplesPerSecond / (ceiling[i]?.samplesPerSecond ?? 1),
      );
      console.log(
        `pipeline : ceiling, run by run: median ${median(ratios).toFixed(2)} (${ratios.map((r) => r.toFixed(2)).join(" ")})\n`,
      );
    }
  } finally {
    bodies.remove();
  }
}

function print(name: string, m: Measured | undefined): void {
  if (m === undefined) return;
  console.log(
    tableRow(
      [
        name,
        (m.samplesPerSecond / 1e6).toFixed(2),
        Number.isNaN(m.durablePerSecond) ? "-" : (m.durablePerSecond / 1e6).toFixed(2),
        m.clientCpuPerMillion.toFixed(4),
        m.serverCpuPerMillion.toFixed(4),
        Number.isNaN(m.peakRssBytes) ? "-" : (m.peakRssBytes / 1e6).toFixed(0),
        Number.isNaN(m.diskBytes) ? "-" : String(m.diskBytes),
      ],
      WIDTHS,
    ),
  );
}

function medians(list: readonly Measured[]): Measured {
  const of = (pick: (m: Measured) => number): number => median(list.map(pick));
  return {
    samplesPerSecond: of((m) => m.samplesPerSecond),
    durablePerSecond: of((m) => m.durablePerSecond),
    clientCpuPerMillion: of((m) => m.clientCpuPerMillion),
    serverCpuPerMillion: of((m) => m.serverCpuPerMillion),
    peakRssBytes: of((m) => m.peakRssBytes),
    diskBytes: of((m) => m.diskBytes),
  };
}
