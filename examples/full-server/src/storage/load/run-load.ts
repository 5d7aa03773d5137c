import { MillraceError } from "@millrace/core";
import type { Job, JobContext } from "@millrace/core/jobs";
import type { IngestReport } from "@millrace/ingest";
import type { ComparedPart } from "@millrace/vm-sink";
import type { StorageServices } from "../services.ts";
import { type ShownArchive, shownError, shownText } from "../shown-name.ts";
import { forgetCheckpoint, loadIntoDatabase } from "./load-into-database.ts";
import { loadIntoFiles } from "./load-into-files.ts";
import { type LoadPayload, type LoadResult, loadPayload, loadResult } from "./load-job.ts";

/** Files with problems that a job remembers; its log has them all. */
const MOST_PROBLEMS = 50;

/**
 * Carries out a load. It may run again after a crash at any point: what is in the database stays there once, and
 * what was finished is only told.
 */
export async function runLoad(
  job: Job,
  context: JobContext,
  services: StorageServices,
): Promise<LoadResult> {
  const payload = loadPayload.parse(job.payload);
  const before = await readResult(job.id, services);
  const result =
    before ??
    (await load(job, context, payload, services).catch((error: unknown) => {
      throw shownError(error, shownArchive(payload, services));
    }));
  if (before === undefined) await keepResult(job.id, result, services);
  await context.log(lastWords(result));
  if (payload.target === "grafana") {
    await services.arrays.note(job.id, result.arrays, Date.now());
  }
  // Only now is the archive of no more use.
  await services.objects.delete(payload.key);
  await forgetCheckpoint(job.id, services);
  return result;
}

function lastWords({ report, outputs }: LoadResult): string {
  const { files, samples, series, verified } = report;
  const figure = (count: number): string => count.toLocaleString("en-US");
  const whole = `${figure(files.ok)} of ${figure(files.total)} files whole, ${figure(samples.accepted)} samples of ${figure(series)} series`;
  if (outputs.length > 0) return `${whole}, in ${outputs.map(({ name }) => name).join(", ")}.`;
  return verified === "complete" ? `${whole}; the database holds them all.` : `${whole}.`;
}

function shownArchive({ key, filename }: LoadPayload, services: StorageServices): ShownArchive {
  const { dataFolder } = services.settings;
  return { path: services.inputOf(key), name: filename, dataFolder };
}

async function load(
  { id: jobId, attempts }: Job,
  context: JobContext,
  payload: LoadPayload,
  services: StorageServices,
): Promise<LoadResult> {
  const input = services.inputOf(payload.key);
  // Whoever reads the log knows the archive by its name, not by where it lies here.
  const archive = shownArchive(payload, services);
  const shown = (text: string): string => shownText(text, archive);
  const log = (text: string): Promise<void> => context.log(shown(text));
  const told = { ...context, signal: context.signal, log };
  await log(`Reading ${payload.filename}${attempts > 1 ? `, attempt ${attempts}` : ""}.`);
  if (payload.target !== "grafana") {
    const { report, outputs } = await loadIntoFiles(jobId, input, payload, told, services);
    return resultOf(report, [], outputs, shown);
  }
  const { report, compared } = await loadIntoDatabase(jobId, input, told, services);
  const lacking = compared.filter(
    ({ verdict }) => verdict === "missing" || verdict === "different",
  );
  if (lacking.length > 0) {
    const said = lacking.map(({ value, missing, found, sent }) =>
      missing > 0
        ? `${value}: ${missing} of ${sent} samples are missing`
        : `${value}: the database holds ${found} samples, but others than were sent`,
    );
    throw new MillraceError(
      "SINK_REJECTED",
      `The database does not hold what it accepted. ${said.join("; ")}. Delete the array and load the archive again.`,
    );
  }
  return resultOf(report, compared, [], shown);
}

function resultOf(
  report: IngestReport,
  compared: readonly ComparedPart[],
  outputs: LoadResult["outputs"],
  shown: (text: string) => string,
): LoadResult {
  const { files, samples, arrays } = report;
  if (files.ok + files.counts.partial === 0) {
    const [first] = [...files.failed, ...files.skipped];
    const why =
      first === undefined ? "" : ` ${shown(first.file)}: ${shown(first.problems.join(" "))}`;
    throw new MillraceError(
      "CORRUPT_INPUT",
      `There is no performance file in this archive that can be read.${why}`,
    );
  }
  const verdicts = compared.map(({ verdict }) => verdict);
  const worst = verdicts.find((verdict) => verdict !== "complete") ?? verdicts[0] ?? null;
  const warnings = report.warnings.map(shown);
  for (const { value, verdict, before, extra } of compared) {
    if (verdict === "inconclusive" || before > 0) {
      warnings.push(
        `${value}: the database held ${before} samples of this array and these days before; if they were the same, they are there twice now.`,
      );
    } else if (verdict === "excess") {
      warnings.push(`${value}: the database holds ${extra} samples more than were sent.`);
    }
  }
  return {
    report: {
      complete: report.complete,
      files: { total: files.total, ok: files.ok, ...files.counts },
      samples: {
        parsed: samples.parsed,
        accepted: samples.accepted,
        durable: samples.durable,
        rejected: samples.rejected,
      },
      series: report.series,
      problems: [...files.failed, ...files.partial]
        .slice(0, MOST_PROBLEMS)
        .map(({ file, problems }) => ({ file: shown(file), problems: problems.map(shown) })),
      warnings,
      verified: worst,
      elapsedMs: Math.round(report.elapsedMs),
    },
    arrays: arrays.map(({ serial, model, controllers, intervals, ...array }) => ({
      ...{ serial, model, controllers: [...controllers], intervals: [...intervals] },
      intervalSeconds: array.intervalSeconds,
      timeRangeMs: [...array.timeRangeMs],
      samples: array.samples,
      series: array.series,
    })),
    outputs,
  };
}

/** What a load came to, kept as long as its job: a crash before the job says so must not load anything again. */
export function resultKey(jobId: string): string {
  return `results/${jobId}.json`;
}

async function keepResult(
  jobId: string,
  result: LoadResult,
  { objects }: StorageServices,
): Promise<void> {
  await objects.put(resultKey(jobId), [Buffer.from(JSON.stringify(result))]);
}

async function readResult(
  jobId: string,
  { objects }: StorageServices,
): Promise<LoadResult | undefined> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of objects.get(resultKey(jobId))) pieces.push(piece);
  } catch (error) {
    if (MillraceError.is(error) && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
  return loadResult.parse(JSON.parse(Buffer.concat(pieces).toString()));
}
