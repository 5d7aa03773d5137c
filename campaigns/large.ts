import { pipeline, type Source } from "@millrace/core";
import { type ArchiveMember, joinBlocks, oceanstor, parseMembers, unpack } from "@millrace/ingest";
import {
  type GeneratedArchive,
  type GeneratedFile,
  generateArchive,
} from "@millrace/ingest/testing";
import { victoriaMetrics } from "@millrace/vm-sink";
import { startVictoriaMetrics } from "@millrace/vm-sink/server";
import { expectedLabels, expectedValues } from "../packages/ingest/test/expected-samples.ts";

type TruthSeries = Parameters<typeof expectedLabels>[0];

const MILLION = 1e6;
/** Files that are looked into afterwards, and samples that are looked up in all. */
const FILES_KEPT = 30;
const LOOKS = 300;

/** How a very large load went. */
export interface LargeLoad {
  readonly samples: number;
  readonly seconds: number;
  /** Resident memory of this process, which also makes the archive, every ten seconds; in MB. */
  readonly memory: readonly number[];
  readonly looked: number;
  /** Everything that is not as it should be, in words. */
  readonly differences: readonly string[];
}

/**
 * Loads an archive that is made on the spot, file by file, so that its size needs no disk; looks up samples
 * at random places afterwards and compares them with what the generator says.
 */
export async function loadLarge(millions: number, binary?: string): Promise<LargeLoad> {
  const archive = generateArchive({
    profile: "dorado6000",
    arrays: [{ serial: "2102BILLION0001", controllers: 2 }],
    targetSamples: millions * MILLION,
    rowsPerFile: 60,
  });
  const kept: GeneratedFile[] = [];
  await using database = await startVictoriaMetrics(binary === undefined ? {} : { binary });
  const startedMs = performance.now();
  const run = pipeline(
    generatedMembers(archive, kept),
    unpack(),
    parseMembers(oceanstor()),
    joinBlocks(),
  ).to(victoriaMetrics({ url: database.url }));
  const memory: number[] = [];
  const timer = setInterval(() => memory.push(process.memoryUsage.rss() / MILLION), 10_000);
  const { samples, lostRows } = await run.result;
  clearInterval(timer);
  const seconds = (performance.now() - startedMs) / 1000;
  const differences = Object.entries(lostRows).map(([why, rows]) => `${rows} rows lost: ${why}`);
  if (samples !== archive.totals.samples) {
    differences.push(`${samples} samples accepted of ${archive.totals.samples}`);
  }
  const perFile = Math.ceil(LOOKS / kept.length);
  for (const file of kept) {
    const series = [...file.truth()];
    for (let look = 0; look < perFile; look++) {
      const truth = series[Math.floor(Math.random() * series.length)] as TruthSeries;
      const at = Math.floor(Math.random() * truth.timestampsMs.length);
      if (await holds(database.url, truth, at)) continue;
      differences.push(`not found: ${JSON.stringify(expectedLabels(truth))} at row ${at}`);
    }
  }
  return { samples, seconds, memory, looked: perFile * kept.length, differences };
}

/** Controller after controller, as the reading of an archive goes; a few files are kept for afterwards. */
function generatedMembers(archive: GeneratedArchive, kept: GeneratedFile[]): Source<ArchiveMember> {
  return {
    apiVersion: 1,
    name: "generated",
    async *open() {
      let seen = 0;
      for (const controller of ["_SP0_", "_SP1_"]) {
        for (const file of archive.files()) {
          if (!file.path.includes(controller)) continue;
          seen += 1;
          // Each file has the same chance to be kept (reservoir sampling).
          const place = seen <= FILES_KEPT ? seen - 1 : Math.floor(Math.random() * seen);
          if (place < FILES_KEPT) kept[place] = file;
          // The reader frees the bytes that it is given; the file must keep its own.
          yield { origin: file.path, path: file.path, bytes: Uint8Array.from(file.bytes) };
        }
      }
    },
  };
}

/** Whether the database holds one sample of a series. */
async function holds(url: string, truth: TruthSeries, at: number): Promise<boolean> {
  const timeMs = truth.timestampsMs[at] as number;
  const value = expectedValues(truth)[at];
  const matchers = Object.entries(expectedLabels(truth))
    .filter(([, text]) => text !== "")
    .map(([name, text]) => `${name}=${JSON.stringify(text)}`);
  const parameters = new URLSearchParams({
    "match[]": `{${matchers.join(",")}}`,
    start: String((timeMs - 500) / 1000),
    end: String((timeMs + 500) / 1000),
  });
  const text = await (await fetch(`${url}/api/v1/export?${parameters}`)).text();
  return text
    .split("\n")
    .filter(Boolean)
    .some((line) => {
      const found = JSON.parse(line) as { timestamps: number[]; values: number[] };
      return found.timestamps.some((ms, i) => ms === timeMs && found.values[i] === value);
    });
}
