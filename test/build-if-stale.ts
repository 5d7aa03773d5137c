// Global set-up of the projects that run what is built: the command, and packed packages.
import { spawnSync } from "node:child_process";
import { existsSync, globSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Of the workspace. */
export const root: string = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "node_modules/.bin");
const PACKAGES = ["core", "vm-sink", "ingest", "inference", "cli"];
/** The files of one build are written within this time. */
const ONE_BUILD_MS = 30_000;

/** Builds the packages whose `dist` is older than the sources; `npm test` has built them before. */
export default function setup(): void {
  const sourcesMs = PACKAGES.map((name) => newestMs(`packages/${name}/src/**/*.{ts,json}`));
  for (const [index, name] of PACKAGES.entries()) {
    const folder = join(root, "packages", name);
    const entry = join(folder, "dist/index.js");
    // The command is a bundle, so it is as old as the oldest of its parts.
    const neededMs = name === "cli" ? Math.max(...sourcesMs) : (sourcesMs[index] ?? 0);
    if (!existsSync(entry) || statSync(entry).mtimeMs < neededMs) build(folder, entry);
    if (existsSync(entry)) removeLeftovers(folder, statSync(entry).mtimeMs);
  }
}

/** Where it fails, the tests of what is built must fail, and all others can still run. */
function build(folder: string, entry: string): void {
  try {
    run("tsup", folder);
  } catch (error) {
    for (const path of [entry, join(folder, "dist/main.js")]) rmSync(path, { force: true });
    process.stderr.write(`${error}\n`);
  }
}

/** Writes the declarations, too; takes no time when they are there. */
export function buildDeclarations(): void {
  run("tsc", root, "-b", ...PACKAGES.map((name) => `packages/${name}`));
}

/** When the newest of these files was written; tests do not count. */
export function newestMs(pattern: string): number {
  const files = globSync(pattern, { cwd: root, exclude: (path) => path.endsWith(".test.ts") });
  return Math.max(0, ...files.map((file) => statSync(join(root, file)).mtimeMs));
}

/** Chunks are named by their contents, so earlier builds leave theirs, which would be packed. */
function removeLeftovers(folder: string, builtMs: number): void {
  for (const file of globSync("dist/**/*.{js,js.map}", { cwd: folder })) {
    const path = join(folder, file);
    if (statSync(path).mtimeMs < builtMs - ONE_BUILD_MS) rmSync(path);
  }
}

function run(program: string, cwd: string, ...args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(join(bin, program), args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, PATH: `${bin}:${process.env["PATH"]}` },
  });
  if (status === 0) return;
  throw new Error(`${program} in ${cwd} failed: ${error ?? `${stdout}${stderr}`}`);
}
