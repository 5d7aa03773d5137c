import { createHash } from "node:crypto";
import { readdir, realpath, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { redactUrl } from "@millrace/core";
import type { CheckpointOptions } from "@millrace/vm-sink";
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
  env: Readonly<Record<string, string | undefined>>,
): Promise<LoadFiles> {
  const { inputs, vmUrl } = settings;
  const paths = await Promise.all(inputs.map((path) => realpath(path)));
  const name = digest([...paths, redactUrl(vmUrl)]).slice(0, 16);
  const path = settings.checkpoint ?? join(stateFolder(env), `${name}.checkpoint`);
  const load = digest([version, settings.metrics, ...(await fingerprints(paths))]);
  return {
    checkpoint: { path, load },
    deadLetter: settings.deadLetter ?? `${path}.dead-letter.ndjson`,
  };
}

/** Forgets a load that broke off. */
export async function forgetLoad({ checkpoint }: LoadFiles): Promise<void> {
  await rm(checkpoint.path, { force: true });
}

function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  const state = env["XDG_STATE_HOME"] || join(env["HOME"] || homedir(), ".local", "state");
  return join(state, "millrace");
}

/** Every file with its size and time: cheap, and enough to see that something has changed. */
async function fingerprints(paths: readonly string[]): Promise<readonly string[]> {
  const prints: string[] = [];
  for (const path of paths) {
    const found = await stat(path);
    if (!found.isDirectory()) {
      prints.push(`${path} ${found.size} ${found.mtimeMs}`);
      continue;
    }
    const entries = await readdir(path, { withFileTypes: true });
    const below = entries.map((entry) => join(path, entry.name)).sort();
    for (const print of await fingerprints(below)) prints.push(print);
  }
  return prints;
}

function digest(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
