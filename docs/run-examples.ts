import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  findVictoriaMetrics,
  startVictoriaMetrics,
  type VictoriaMetricsServer,
} from "@millrace/vm-sink/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Example, examplesIn, type SavedFence } from "./examples.ts";
import { commandsOf, type Fence } from "./fences.ts";
import { MILLRACE, prepareData, preparePlace, ROOT, runNode, workplaceOf } from "./workplace.ts";

const DOCUMENTED_URL = /http:\/\/localhost:8428/g;
const VITEST = join(ROOT, "docs/node_modules/vitest/vitest.mjs");

/**
 * Tests that run every ```ts and ```sh fence of these documents, in order, in one folder a document, against a real
 * database. ```ts no-run is only type-checked, elsewhere; a name behind the language (```json my.json) saves the fence.
 *
 * @param name - of the workplace, which no other file of tests may have
 */
export async function runExamples(name: string, patterns: readonly string[]): Promise<void> {
  const examples = examplesIn(patterns);
  const workplace = workplaceOf(name);
  const installed = (await findVictoriaMetrics()) !== undefined;
  let database: VictoriaMetricsServer | undefined;
  const placeOf = ({ folder }: Example): string => join(workplace, folder);

  beforeAll(async () => {
    const data = await prepareData(workplace);
    if (installed) database = await startVictoriaMetrics();
    for (const example of examples) {
      const place = placeOf(example);
      preparePlace(data, place);
      for (const fence of example.fences) if (fence.language === "ts") save(fence, place);
    }
  }, 60_000);
  afterAll(() => database?.stop());

  for (const example of examples.filter(({ fences }) => fences.some(canRun))) {
    const place = placeOf(example);
    describe(example.document, () => {
      for (const fence of example.fences.filter(canRun)) {
        const missing = !installed && needsDatabase(fence);
        const reason = missing ? " (skipped: VictoriaMetrics is not installed)" : "";
        const title = `line ${fence.line} runs${reason}`;
        it.skipIf(missing)(title, () => runFence(fence, place), 60_000);
      }
    });
  }

  function save({ name: file, text }: SavedFence, place: string): void {
    writeFileSync(join(place, file), text.replace(DOCUMENTED_URL, database?.url ?? "$&"));
  }

  async function runFence(fence: SavedFence, place: string): Promise<void> {
    const path = join(place, fence.name);
    if (fence.language === "sh") return await runCommands(fence.text, place);
    if (fence.language !== "ts") return save(fence, place);
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
}

/** Shell blocks without a command of ours, such as the line that installs a package, are only read. */
function canRun({ run, language, text }: Fence): boolean {
  return run && (language !== "sh" || commandsOf(text).length > 0);
}

function needsDatabase({ language, text }: Fence): boolean {
  if (language !== "sh") return /:8428|startVictoriaMetrics/.test(text);
  return commandsOf(text).some(
    ({ args }) => args[0] === "ingest" && !args.includes("--no-vm") && !args.includes("--sink"),
  );
}
