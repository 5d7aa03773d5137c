import { execFile } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateArchive, writeFolder, writeZip } from "@millrace/ingest/testing";
import { makeClips } from "@millrace/video-index/testing";

/** The root of the repository. */
export const ROOT: string = fileURLToPath(new URL("../", import.meta.url));
/** Where examples are written and run. Below `docs`, so that they find the packages. */
export const PLACES: string = join(ROOT, "docs/.doctest");
const DATA = join(PLACES, "data");

/** How a child process ended. */
export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Empties the folder of all places and makes the archives and clips that the documents speak of. */
export async function prepareData(): Promise<void> {
  rmSync(PLACES, { recursive: true, force: true });
  mkdirSync(DATA, { recursive: true });
  const sound = generateArchive({ profile: "tiny", seed: 2025, filesPerController: 8 });
  await writeZip(sound, join(DATA, "archive.zip"));
  await writeFolder(sound, join(DATA, "collected"));
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
  await writeZip(damaged, join(DATA, "damaged.zip"));
  const clips = await makeClips(join(tmpdir(), "millrace-clips"));
  copyFileSync(clips.pathOf("cfr_b.mp4"), join(DATA, "clip.mp4"));
  copyFileSync(clips.pathOf("corrupt_range.mp4"), join(DATA, "damaged.mp4"));
}

/** Fills the folder of one document, in which its blocks are saved and run, with the archives. */
export function preparePlace(place: string): void {
  cpSync(DATA, place, { recursive: true });
  const config = {
    resolve: { conditions: CONDITIONS },
    ssr: { resolve: { conditions: CONDITIONS } },
  };
  writeFileSync(join(place, "vitest.config.mjs"), `export default ${JSON.stringify(config)};\n`);
}

/** A configuration that checks the types of everything in all places. */
export function writeTypeCheck(): void {
  const config = {
    extends: "../../tsconfig.base.json",
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
  writeFileSync(join(PLACES, "tsconfig.json"), JSON.stringify(config));
}

const CONDITIONS = ["@millrace/source"];
const NODE_ARGS = CONDITIONS.map((condition) => `--conditions=${condition}`);

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
      { cwd, env: { PATH: process.env["PATH"], ...env }, timeout: 60_000 },
      (error, stdout, stderr) => {
        const code = typeof error?.code === "number" ? error.code : error === null ? 0 : -1;
        resolve({ code, output: `${stdout}${stderr}` });
      },
    );
  });
}
