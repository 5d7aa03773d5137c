import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collectReport, ingest } from "@millrace/ingest";
import {
  type ArchiveSpec,
  type FaultPlan,
  faultKinds,
  type GeneratedArchive,
  generateArchive,
  writeFolder,
  writeZip,
} from "@millrace/ingest/testing";
import { victoriaMetrics } from "@millrace/vm-sink";
import { expectedSamples } from "../packages/ingest/test/expected-samples.ts";
import { SampleSet } from "../packages/ingest/test/sample-set.ts";
import { storedSamples } from "./stored-samples.ts";

/** What one load left in the database, held against the truth. */
export interface ExactResult {
  readonly spec: ArchiveSpec;
  readonly samples: number;
  /** Everything that is not as it should be, in words. */
  readonly differences: readonly string[];
}

/**
 * Loads an archive of random shape with random faults, exports what the database holds of its arrays and
 * compares.
 *
 * @param url - a database that may keep what it is given; every seed has serial numbers of its own
 */
export async function loadExactly(url: string, seed: number): Promise<ExactResult> {
  const spec = specOf(seed);
  const archive = generateArchive(spec);
  const folder = await mkdtemp(join(tmpdir(), "millrace-exact-"));
  try {
    const path = await pack(archive, folder, seed);
    const format = seed % 5 === 0 ? "prometheus" : "remote-write";
    const batchSize = [50, 1_000, 60_000][seed % 3] ?? 60_000;
    const sink = victoriaMetrics({ url, format, batchSize, connections: 1 + (seed % 4) });
    const run = ingest(path, { join: { rows: [1, 7, 288][seed % 3] ?? 288 } }).to(sink);
    const report = await collectReport(run, { rejected: ({ lostRows }) => sumOf(lostRows) });

    const differences: string[] = [];
    const expected = new SampleSet();
    for (const file of archive.files()) expected.addAll(expectedSamples(file));
    const stored = await storedSamples(url, serialsOf(spec));
    for (const lost of stored.lacks(expected)) differences.push(`not in the database: ${lost}`);
    for (const alien of expected.lacks(stored)) differences.push(`only in the database: ${alien}`);
    const { outcomes } = archive.totals;
    const { ok, partial, failed, skipped } = report.files;
    const found = { ok, partial: partial.length, failed: failed.length, skipped: skipped.length };
    if (JSON.stringify(found) !== JSON.stringify({ ...found, ...outcomes })) {
      differences.push(`outcomes ${JSON.stringify(found)}, not ${JSON.stringify(outcomes)}`);
    }
    if (report.samples.accepted !== expected.size || report.samples.durable !== expected.size) {
      differences.push(`report ${JSON.stringify(report.samples)} for ${expected.size} samples`);
    }
    if (report.error !== undefined) differences.push(report.error);
    return { spec, samples: expected.size, differences };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Everything about a seed's archive follows from the seed. */
function specOf(seed: number): ArchiveSpec {
  let state = seed * 2_654_435_761;
  const pick = <T>(items: readonly T[]): T => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return items[(state >>> 0) % items.length] as T;
  };
  const faults: FaultPlan[] = Array.from({ length: pick([0, 0, 1, 3, 6]) }, () => ({
    kind: pick(faultKinds),
  }));
  return {
    seed,
    profile: "tiny",
    arrays: pick([
      [{ serial: `C${seed}` }],
      [{ serial: `C${seed}`, controllers: 1 }],
      [{ serial: `C${seed}` }, { serial: `D${seed}`, controllers: 3, model: "Other" }],
    ]),
    // The hours in which European clocks go back, others, and times long past.
    startMs: pick([Date.UTC(2025, 9, 25, 23), Date.UTC(2026, 2, 28, 23), Date.UTC(2019, 0, 1)]),
    intervalSeconds: pick([5, 60, 300]),
    rowsPerFile: pick([3, 15, 40]),
    blocksPerFile: pick([1, 1, 2, 3]),
    filesPerController: Math.max(pick([2, 5, 20]), faults.length),
    overlappingControllers: pick([false, true]),
    sharedNameIds: pick([false, true]),
    elementNames: pick([
      [],
      ["a/b", 'quo"te', "back\\slash", "{x},@#", "line\nbreak", "Хранилище", "💾 存储"],
    ]),
    unknownMetricIds: pick([[], [777_001, 3]]),
    unknownResourceIds: pick([[], [888]]),
    faults,
  };
}

async function pack(archive: GeneratedArchive, folder: string, seed: number): Promise<string> {
  if (seed % 4 === 3) {
    await writeFolder(archive, join(folder, "folder"));
    return join(folder, "folder");
  }
  const path = join(folder, "archive.zip");
  await writeZip(archive, path, { deflate: seed % 2 === 0 });
  return path;
}

function serialsOf({ arrays = [] }: ArchiveSpec): readonly string[] {
  return arrays.map(({ serial }) => serial);
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
