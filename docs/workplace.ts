import { execFile } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateArchive, writeFolder, writeZip } from "@millrace/ingest/testing";
import { makeClips } from "@millrace/video-index/testing";

/** The root of the repository. */
export const ROOT: string = fileURLToPath(new URL("../", import.meta.url));
/** The command, as it stands in the sources. */
export const MILLRACE: string = join(ROOT, "packages/cli/src/main.ts");

/** A folder where examples are written and run. Below `docs`, so that they find the packages. */
export function workplaceOf(name: string): string {
  return join(ROOT, "docs/.doctest", name);
}

/** How a child process ended. */
export interface Ended {
  readonly code: number;
  readonly output: string;
}

/**
 * Empties a workplace and makes the archives and clips that the documents speak of.
 *
 * @returns their folder
 */
export async function prepareData(workplace: string): Promise<string> {
  const data = join(workplace, "data");
  rmSync(workplace, { recursive: true, force: true });
  mkdirSync(data, { recursive: true });
  const sound = generateArchive({ profile: "tiny", seed: 2025, filesPerController: 8 });
  await writeZip(sound, join(data, "archive.zip"));
  await writeFolder(sound, join(data, "collected"));
  const damaged = generateArchive({
    profile: "tiny",
    seed: 2025,
    filesPerController: 8,
    unknownMetricIds: [99_001],
    sharedNameIds: true,
    faults: [
      { kind: "truncated-last-block", file: 3 },
      { kind: "corrupt-gzip", file: 6 },
      { kind: "duplicate-copy", file: 9 },
    ],
  });
  await writeZip(damaged, join(data, "damaged.zip"));
  const clips = await makeClips(join(tmpdir(), "millrace-clips"));
  copyFileSync(clips.pathOf("cfr_b.mp4"), join(data, "clip.mp4"));
  copyFileSync(clips.pathOf("corrupt_range.mp4"), join(data, "damaged.mp4"));
  return data;
}

/** Fills the folder of one document, in which its blocks are saved and run, with the data. */
export function preparePlace(data: string, place: string): void {
  cpSync(data, place, { recursive: true });
  const config = {
    resolve: { conditions: CONDITIONS },
    ssr: { resolve: { conditions: CONDITIONS } },
  };
  writeFileSync(join(place, "vitest.config.mjs"), `export default ${JSON.stringify(config)};\n`);
}

/** Writes a configuration that checks the types of everything below a workplace. */
export function writeTypeCheck(workplace: string): void {
  const config = {
    extends: "../../../tsconfig.base.json",
    compilerOptions: {
      composite: false,
      declaration: false,
      declarationMap: false,
      emitDeclarationOnly: false,
      isolatedDeclarations: false,
      noEmit: true,
      noPropertyAccessFromIndexSignature: false,
      rewriteRelativeImportExtensions: false,
    },
    include: ["**/*.ts"],
  };
  writeFileSync(join(workplace, "tsconfig.json"), JSON.stringify(config));
}

const CONDITIONS = ["@millrace/source"];
const NODE_ARGS = CONDITIONS.map((condition) => `--conditions=${condition}`);

/** What is no setting of ours. */
const INHERITED = {
  PATH: process.env["PATH"],
  NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
};

/** Runs a script under this Node, with the packages' own sources, as a user would in that folder. */
export function runNode(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...NODE_ARGS, ...args],
      { cwd, env: { ...INHERITED, ...env }, timeout: 60_000 },
      (error, stdout, stderr) => {
        const code = typeof error?.code === "number" ? error.code : error === null ? 0 : -1;
        resolve({ code, output: `${stdout}${stderr}` });
      },
    );
  });
}
