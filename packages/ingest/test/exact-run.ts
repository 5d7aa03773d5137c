import { join } from "node:path";
import type { OriginReadEvent, SeriesBatch } from "@millrace/core";
import { memorySink } from "@millrace/core/testing";
import { type IngestOptions, ingest } from "../src/ingest.ts";
import { collectReport, type IngestReport } from "../src/report/ingest-report.ts";
import type { GeneratedArchive } from "../src/testing/generate-archive.ts";
import { writeFolder, writeTgz, writeZip } from "../src/testing/write-archive.ts";
import { expectedSamples } from "./expected-samples.ts";
import { SamplesByOrigin } from "./sample-set.ts";

/** How an archive is put on the disk. */
export type Packing = "zip" | "deflated zip" | "folder" | "tgz";

/** What a load delivered, held against what the generator says that it must. */
export interface ExactRun {
  /** Everything that is not as it should be, in words; empty for an exact load. */
  readonly differences: readonly string[];
  readonly samples: number;
  readonly report: IngestReport;
  readonly reads: readonly OriginReadEvent[];
  readonly batches: readonly SeriesBatch[];
  readonly expectedSeries: number;
}

/** Writes the archive into the folder, loads it and compares file by file. */
export async function exactRun(
  archive: GeneratedArchive,
  folder: string,
  packing: Packing,
  options: IngestOptions = {},
): Promise<ExactRun> {
  const path = await pack(archive, folder, packing);
  const run = ingest(path, options).to(memorySink<SeriesBatch>());
  const reporting = collectReport(run);
  const reads: OriginReadEvent[] = [];
  run.events$.subscribe((event) => {
    if (event.type === "origin-read") reads.push(event);
  });
  const batches = await run.result;
  const report = await reporting;
  const delivered = new SamplesByOrigin();
  for (const batch of batches) delivered.add(batch);

  const differences: string[] = [];
  const expectedOrigins = new Set<string>();
  const series = new Set<string>();
  let samples = 0;
  const files = packing === "tgz" ? [...archive.files()].slice(0, 1) : archive.files();
  for (const file of files) {
    const origin = packing === "tgz" ? path : `${path}!${file.path}`;
    expectedOrigins.add(origin);
    const expected = expectedSamples(file);
    for (const name of expected.series) series.add(name);
    samples += expected.size;
    const actual = delivered.of(origin);
    const say = (text: string): number => differences.push(`${file.path}: ${text}`);
    for (const lost of actual.lacks(expected)) say(`lost ${lost}`);
    for (const wrong of expected.lacks(actual)) say(`invented ${wrong}`);
    const events = reads.filter((event) => event.origin === origin);
    if (events.length !== 1) say(`${events.length} origin-read events`);
    const [event] = events;
    if (event?.outcome !== file.outcome) say(`${event?.outcome} instead of ${file.outcome}`);
    if (event?.count !== expected.size) say(`count ${event?.count} instead of ${expected.size}`);
    if ((event?.problems.length === 0) !== (file.outcome === "ok")) {
      say(`${file.outcome} with the problems ${JSON.stringify(event?.problems)}`);
    }
  }
  for (const origin of [...delivered.origins, ...reads.map((read) => read.origin)]) {
    if (!expectedOrigins.has(origin)) differences.push(`${origin} is no file of the archive`);
  }
  return { differences, samples, report, reads, batches, expectedSeries: series.size };
}

async function pack(archive: GeneratedArchive, folder: string, packing: Packing): Promise<string> {
  const [first] = archive.files();
  const name = packing === "tgz" ? (first?.path.split("/").at(-1) ?? "") : packing;
  const path = join(folder, packing.endsWith("zip") ? `${name}.zip` : name);
  if (packing === "folder") await writeFolder(archive, path);
  else if (packing === "tgz") await writeTgz(archive, path);
  else await writeZip(archive, path, { deflate: packing === "deflated zip" });
  return path;
}
