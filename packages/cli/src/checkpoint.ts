import { createHash } from "node:crypto";
import { realpath, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { MillraceError, redactUrl } from "@millrace/core";
import { inputStamp } from "@millrace/ingest";
import type { CheckpointOptions } from "@millrace/vm-sink";
import type { CommandIo } from "./command-io.ts";
import type { IngestSettings } from "./settings.ts";
import { version } from "./version.ts";

/** Where a load keeps note of its progress, and where refused series go. */
export interface LoadFiles {
  readonly checkpoint: CheckpointOptions;
  readonly deadLetter: string;
}

/**
 * The files of a load: the ones that were named, or those of the state folder
 * (`$XDG_STATE_HOME/millrace`, else `~/.local/state/millrace`), whose names follow from the inputs and
 * the database.
 *
 * @param settings - with absolute paths
 */
export async function loadFiles(
  settings: IngestSettings,
  { env, cwd }: Pick<CommandIo, "env" | "cwd">,
  signal?: AbortSignal,
): Promise<LoadFiles> {
  const { inputs, vmUrl, allowPrivateAddresses } = settings;
  const paths = await Promise.all(
    inputs.map((input) => (isAbsolute(input) ? realpath(input) : redactUrl(input))),
  );
  const name = digest([...paths, redactUrl(vmUrl)]).slice(0, 16);
  const path = settings.checkpoint ?? join(stateFolder(env), `${name}.checkpoint`);
  const code = [settings.idTables, settings.parser, ...settings.stages.map((it) => it.specifier)];
  const load = digest([
    version,
    JSON.stringify(flowSettings(settings)),
    ...(await stamps([...inputs, ...(await onDisk(code, cwd))], { allowPrivateAddresses }, signal)),
  ]);
  return {
    checkpoint: { path, load },
    deadLetter: settings.deadLetter ?? `${path}.dead-letter.ndjson`,
  };
}

/** Every setting that changes what flows, or in which order. */
function flowSettings(settings: IngestSettings): unknown {
  const { metrics, excludeMetrics, resources, elements, excludeElements } = settings;
  const { from, to, dropNotCollected, naming, controllerLabel, metricIdLabel } = settings;
  const { idTables, labels, renameLabels, parser, parserOptions, stages, limits } = settings;
  return [
    ...[metrics, excludeMetrics, resources, elements, excludeElements],
    ...[from, to, dropNotCollected, naming, controllerLabel, metricIdLabel],
    ...[idTables, labels, renameLabels, parser, parserOptions, stages, limits],
  ];
}

/** Those that are files; a package is known by its name alone. */
async function onDisk(
  paths: readonly (string | undefined)[],
  cwd: string,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of paths) {
    if (path === undefined || !(path.startsWith(".") || isAbsolute(path))) continue;
    const real = await realpath(resolve(cwd, path)).catch(() => undefined);
    if (real !== undefined) found.push(real);
  }
  return found;
}

/** Forgets a load that broke off. */
export async function forgetLoad({ checkpoint }: LoadFiles): Promise<void> {
  await rm(checkpoint.path, { force: true });
}

function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  const state = env["XDG_STATE_HOME"] || join(env["HOME"] || homedir(), ".local", "state");
  return join(state, "millrace");
}

async function stamps(
  inputs: readonly string[],
  remote: { readonly allowPrivateAddresses: boolean },
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const all: string[] = [];
  for (const input of inputs) {
    const path = isAbsolute(input) ? await realpath(input) : input;
    const found = await inputStamp(path, { remote, ...(signal && { signal }) });
    if (found === undefined) {
      throw new MillraceError(
        "UNSUPPORTED",
        `The server of ${redactUrl(input)} says neither ETag nor Last-Modified, so a load that breaks off could not go on; add --no-checkpoint.`,
      );
    }
    all.push(...found);
  }
  return all;
}

function digest(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
