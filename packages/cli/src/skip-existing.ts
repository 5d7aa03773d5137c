import { findInput, inspect } from "@millrace/ingest";
import { loadFiles } from "./checkpoint.ts";
import { type CommandIo, tellProblem } from "./command-io.ts";
import { databaseAccess } from "./database-access.ts";
import { oceanstorOptions } from "./ingest-flow.ts";
import type { IngestSettings } from "./settings.ts";

/**
 * The inputs that still have to be loaded. One is left out where the note of an earlier load says that it
 * is done, or where the database holds, of every array in it and in the array's time range, exactly as
 * many samples as the input does.
 *
 * With a selection, or code of one's own, nobody knows how many there should be; then the note alone
 * counts. Where anything of an input cannot be read, or the database not asked, it stays.
 *
 * @param settings - with absolute paths
 */
export async function withoutExisting(
  settings: IngestSettings,
  io: CommandIo,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const left: string[] = [];
  for (const input of settings.inputs) {
    signal.throwIfAborted();
    const reason = await whyHeld(input, settings, io, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      tellProblem(io.stderr, `--skip-existing: ${input} is loaded: ${messageOf(error)}`);
      return undefined;
    });
    if (reason === undefined) left.push(input);
    else if (!settings.quiet) io.stderr.write(`Skipped: ${input}, ${reason}.\n`);
  }
  return left;
}

async function whyHeld(
  input: string,
  settings: IngestSettings,
  io: CommandIo,
  signal: AbortSignal,
): Promise<string | undefined> {
  await findInput(input);
  if (settings.checkpoints && settings.checkpoint === undefined) {
    const { readCheckpoint } = await import("@millrace/vm-sink");
    const files = await loadFiles({ ...settings, inputs: [input] }, io, signal);
    const { path, load } = files.checkpoint;
    const before = await readCheckpoint(path).catch(() => undefined);
    if (before?.done === true && before.load === load) return `which was loaded, as ${path} says`;
  }
  if (isSelection(settings)) return undefined;
  const isHeld = await holdsAll(input, settings, signal);
  return isHeld ? "of which the database holds every sample" : undefined;
}

function isSelection(settings: IngestSettings): boolean {
  const { parser, stages } = settings;
  const used = Object.values(oceanstorOptions(settings)).includes(true);
  return used || parser !== undefined || stages.length > 0;
}

async function holdsAll(
  input: string,
  settings: IngestSettings,
  signal: AbortSignal,
): Promise<boolean> {
  const { labels, renameLabels, limits, allowPrivateAddresses } = settings;
  const remote = { allowPrivateAddresses };
  const { countSamples } = await import("@millrace/vm-sink");
  const access = await databaseAccess(settings);
  const { arrays, files } = await inspect(input, {
    maxHeaders: Number.POSITIVE_INFINITY,
    limits,
    remote,
    signal,
  });
  if (arrays.length === 0 || files.failed.length + files.partial.length > 0) return false;
  const serialLabel = renameLabels["SN"] ?? "SN";
  for (const { serial, timeRangeMs, samples } of arrays) {
    const [fromMs, toMs] = timeRangeMs;
    const wanted = { [serialLabel]: serial, ...labels };
    if ((await countSamples({ ...access, labels: wanted, fromMs, toMs, signal })) !== samples) {
      return false;
    }
  }
  return true;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
