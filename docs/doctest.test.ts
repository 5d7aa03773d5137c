import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  findVictoriaMetrics,
  startVictoriaMetrics,
  type VictoriaMetricsServer,
} from "@millrace/vm-sink/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { anchorsOf, commandsOf, type Fence, fencesOf, linksOf } from "./fences.ts";
import { PLACES, prepareData, preparePlace, ROOT, runNode, writeTypeCheck } from "./workplace.ts";

// Every ```ts and ```sh fence is run, in order, in one folder a document, against a real database.
// ```ts no-run is only type-checked; a name behind the language (```json my.json) saves the fence.
const GUIDES = [
  "README.md",
  "docs/guide/*.md",
  "packages/*/README.md",
  "examples/full-server/README.md",
];
const OTHERS = [
  "CONTRIBUTING.md",
  "SECURITY.md",
  "{bench,examples/*}/README.md",
  "docs/decisions/*.md",
];
const SOURCES = ["packages/*/src/**/*.ts"];
const DOCUMENTED_URL = /http:\/\/localhost:8428/g;
const MILLRACE = join(ROOT, "packages/cli/src/main.ts");
const TSC = join(ROOT, "node_modules/@typescript/native/bin/tsc");
const VITEST = join(ROOT, "docs/node_modules/vitest/vitest.mjs");

const files = (patterns: readonly string[]): string[] =>
  patterns.flatMap((pattern) => globSync(pattern, { cwd: ROOT }).sort());
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

/** A block and where it is saved. */
interface SavedFence extends Fence {
  readonly path: string;
}

/** A document and the blocks in it that can be saved or run. */
interface Example {
  readonly document: string;
  /** Folder of the document's examples, below {@link PLACES}. */
  readonly place: string;
  readonly fences: readonly SavedFence[];
}

const examples: readonly Example[] = [...files(GUIDES), ...files(SOURCES)]
  .filter((document) => !document.endsWith(".test.ts"))
  .map((document) => {
    const place = join(PLACES, document.replaceAll("/", "_").replace(/\.\w+$/, ""));
    const fences = fencesOf(read(document))
      .filter(({ language, file }) => file !== undefined || ["ts", "sh"].includes(language))
      .map((fence) => ({
        ...fence,
        path: join(place, fence.file ?? `line-${fence.line}.${fence.language}`),
      }));
    return { document, place, fences };
  })
  .filter(({ fences }) => fences.length > 0);

const installed = (await findVictoriaMetrics()) !== undefined;
let database: VictoriaMetricsServer | undefined;

beforeAll(async () => {
  await prepareData();
  if (installed) database = await startVictoriaMetrics();
  for (const { place, fences } of examples) {
    preparePlace(place);
    for (const fence of fences) if (fence.language === "ts") save(fence);
  }
  writeTypeCheck();
}, 60_000);
afterAll(() => database?.stop());

for (const { document, place, fences } of examples.filter((e) => e.fences.some(canRun))) {
  describe(document, () => {
    for (const fence of fences.filter(canRun)) {
      const missing = !installed && needsDatabase(fence);
      const reason = missing ? " (skipped: VictoriaMetrics is not installed)" : "";
      it.skipIf(missing)(`line ${fence.line} runs${reason}`, () => runFence(fence, place), 60_000);
    }
  });
}

describe("documents", () => {
  it("hold examples whose types are right", async () => {
    // One that is wrong on purpose, so that a check that does not run is seen.
    writeFileSync(join(PLACES, "wrong.ts"), 'export const wrong: number = "text";\n');
    const { output } = await runNode([TSC, "-p", join(PLACES, "tsconfig.json")], ROOT);
    // What is wrong in the packages' own sources is the build's business.
    const ours = output.split("\n").filter((line) => line.startsWith("docs/"));
    expect(ours).toEqual([expect.stringContaining("docs/.doctest/wrong.ts(1,14): error TS2322")]);
  }, 60_000);

  it("link to what is there", () => {
    for (const document of files([...GUIDES, ...OTHERS])) {
      const text = read(document);
      for (const link of linksOf(text)) {
        const [path = "", anchor] = link.split("#");
        const target = path === "" ? document : join(dirname(document), path);
        expect(existsSync(join(ROOT, target)), `${document}: no ${link}`).toBe(true);
        if (anchor === undefined) continue;
        expect(anchorsOf(read(target)), `${document}: no heading for ${link}`).toContain(anchor);
      }
    }
  });

  it("name every option of the command, and no other", async () => {
    const readme = read("packages/cli/README.md");
    const documented = new Set(
      [...readme.matchAll(/^\| [^|]*?`(?:-\w, )?(--[\w-]+)/gm)].map(([, name]) => name),
    );
    const known = new Set<string | undefined>();
    for (const command of ["ingest", "inspect", "replay", "dashboards", "serve"]) {
      const { output } = await runNode([MILLRACE, command, "--help"], ROOT);
      for (const [, name] of output.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)) known.add(name);
    }
    known.delete("--help");
    expect([...documented].sort()).toEqual([...known].sort());
  });
});

/** Shell blocks without a command of ours, such as the line that installs a package, are only read. */
function canRun({ run, language, text }: Fence): boolean {
  return run && (language !== "sh" || commandsOf(text).length > 0);
}

function save({ path, text }: SavedFence): void {
  writeFileSync(path, text.replace(DOCUMENTED_URL, database?.url ?? "$&"));
}

async function runFence(fence: SavedFence, place: string): Promise<void> {
  const { language, path } = fence;
  if (language === "sh") return await runCommands(fence.text, place);
  if (language !== "ts") return save(fence);
  const args = path.endsWith(".test.ts") ? [VITEST, "run", "--root", place, path] : [path];
  const { code, output } = await runNode(args, place);
  expect(code, output).toBe(0);
}

async function runCommands(text: string, place: string): Promise<void> {
  const url = database?.url ?? "";
  for (const { args, exitCode } of commandsOf(text.replace(DOCUMENTED_URL, url))) {
    const env = { MILLRACE_VM_URL: url };
    const { code, output } = await runNode([MILLRACE, ...args], place, url === "" ? {} : env);
    expect(code, `$ millrace ${args.join(" ")}\n${output}`).toBe(exitCode);
  }
}

function needsDatabase({ language, text }: Fence): boolean {
  if (language !== "sh") return /:8428|startVictoriaMetrics/.test(text);
  return commandsOf(text).some(
    ({ args }) => args[0] === "ingest" && !args.includes("--no-vm") && !args.includes("--sink"),
  );
}
