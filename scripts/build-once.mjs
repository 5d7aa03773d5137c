// Builds everything, unless what is there was made of the same files. `--force` builds in any case.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";

const STAMP = ".cache/build-stamp";
const BUILT = "{packages,examples}/*/dist/**/*";

/** One digest of the names and contents of files; undefined where a file is missing. */
function digestOf(paths) {
  const hash = createHash("sha256");
  for (const path of paths.toSorted()) {
    const file = statSync(path, { throwIfNoEntry: false });
    if (file === undefined) return undefined;
    if (!file.isFile()) continue;
    const bytes = readFileSync(path);
    hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest("hex");
}

/** Whatever the build may read: all files of the working tree but prose. Undefined without git. */
function sourcesDigest() {
  const git = spawnSync("git", ["ls-files", "-z", "-co", "--exclude-standard"], {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (git.status !== 0) return undefined;
  const paths = git.stdout.split("\0").filter((path) => path !== "" && !path.endsWith(".md"));
  const there = paths.filter((path) => statSync(path, { throwIfNoEntry: false }) !== undefined);
  return digestOf([...there, "node_modules/.modules.yaml"]);
}

function stampOf(sources) {
  return `${process.version} ${sources} ${digestOf(globSync(BUILT))}`;
}

function stampThere() {
  try {
    return readFileSync(STAMP, "utf8");
  } catch {
    return undefined;
  }
}

const sources = sourcesDigest();
const isForced = process.argv.includes("--force");
if (!isForced && sources !== undefined && stampThere() === stampOf(sources)) {
  process.stdout.write("build: nothing changed since the last one\n");
} else build();

function build() {
  rmSync(STAMP, { force: true });
  const pnpm = ["--yes", "--prefer-offline", "pnpm@12.21.0", "run", "build"];
  const { status } = spawnSync("npx", pnpm, { stdio: "inherit" });
  if (status !== 0) {
    process.exitCode = status ?? 1;
    return;
  }
  // A source that was edited meanwhile is not what was built.
  if (sources !== undefined && sourcesDigest() === sources) {
    mkdirSync(".cache", { recursive: true });
    writeFileSync(STAMP, stampOf(sources));
  }
}
