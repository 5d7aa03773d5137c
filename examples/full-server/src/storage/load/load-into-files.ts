import { createReadStream } from "node:fs";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { SeriesBatch, Sink } from "@millrace/core";
import type { JobContext } from "@millrace/core/jobs";
import { collectReport, type IngestReport, ingest } from "@millrace/ingest";
import { csv, wideCsv } from "@millrace/ingest/csv";
import { parquet } from "@millrace/ingest/parquet";
import type { StorageServices } from "../services.ts";
import { ARCHIVE_LIMITS } from "./archive-limits.ts";
import { followRun } from "./follow-run.ts";
import type { LoadPayload, LoadResult, Target } from "./load-job.ts";

/** An archive that became files to download. */
export interface FilesLoad {
  readonly report: IngestReport;
  readonly outputs: LoadResult["outputs"];
}

/**
 * Writes an archive as tables and keeps them as outputs of the job. An attempt that broke off is begun anew.
 *
 * @throws MillraceError what ended the load
 */
export async function loadIntoFiles(
  jobId: string,
  input: string,
  { target, filename }: LoadPayload,
  context: JobContext,
  { folders, objects }: StorageServices,
): Promise<FilesLoad> {
  const folder = join(folders.work, jobId);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  try {
    const sink = sinkFor(target, folder, basename(filename).replace(/\.[^.]*$/, "") || "samples");
    const run = ingest(input, { limits: ARCHIVE_LIMITS }).to(sink, { signal: context.signal });
    const reporting = collectReport(run);
    followRun(run, context);
    await run.result;
    const report = await reporting;
    const outputs: { name: string; sizeBytes: number }[] = [];
    for (const name of (await readdir(folder)).sort()) {
      const path = join(folder, name);
      const { size: sizeBytes } = await stat(path);
      await objects.put(outputKey(jobId, name), createReadStream(path), {
        sizeBytes,
        signal: context.signal,
      });
      outputs.push({ name, sizeBytes });
    }
    return { report, outputs };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Where an output of a job is kept. */
export function outputKey(jobId: string, name: string): string {
  return `outputs/${jobId}/${name}`;
}

function sinkFor(target: Target, folder: string, name: string): Sink<SeriesBatch, unknown> {
  if (target === "perfmonkey") return wideCsv({ folder, gzip: true });
  if (target === "parquet") return parquet({ path: join(folder, `${name}.parquet`) });
  return csv({ path: join(folder, `${name}.csv.gz`), labels: ["SN", "scrape_interval"] });
}
