import { readFile, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { testFolder } from "../test/archives.ts";
import { type Finished, millrace } from "../test/run-millrace.ts";

const folder = testFolder();
const run = (...args: readonly string[]): Promise<Finished> =>
  millrace(["ingest", ...args], { cwd: folder.path() });

/** As a user writes them: in TypeScript, in a folder without an installation. */
const PLUGINS = {
  "counter.ts": `
export default {
  apiVersion: 1, kind: "source", name: "counter", emits: "series-batch",
  create: ({ count = "3" }: { count?: string }) => ({
    apiVersion: 1, name: "counter",
    async *open() {
      const table = { id: "t", labels: [{ __name__: "count", room: "1" }] };
      for (let i = 0; i < Number(count); i++) yield {
        table, firstSeries: 0, seriesCount: 1, values: Float64Array.of(i),
        grid: { startMs: 1760918400000 + i * 1000, stepMs: 1000, count: 1 },
        origins: [{ origin: "counter", count: 1 }],
      };
    },
  }),
};`,
  "negate.ts": `
export default {
  apiVersion: 1, kind: "stage", name: "negate", accepts: "series-batch", emits: "series-batch",
  create: ({ by = "-1" }: { by?: string }) => async function* negate(batches: AsyncIterable<any>) {
    for await (const batch of batches) {
      yield { ...batch, values: Float64Array.from(batch.values, (value: number) => value * Number(by)) };
    }
  },
};`,
  "other.ts": `
export default {
  apiVersion: 1, kind: "stage", name: "other", accepts: "frame", emits: "frame",
  create: () => async function* () {},
};`,
  "no-parser.ts": `
export default { apiVersion: 1, kind: "parser", name: "no-parser", create: () => ({ name: "x" }) };`,
};

beforeAll(async () => {
  for (const [name, text] of Object.entries(PLUGINS)) await writeFile(folder.path(name), text);
});

describe("millrace ingest with code of one's own", () => {
  it("loads what a source delivers, through stages in their order", async () => {
    const { code, stdout, stderr } = await run(
      ...["--source", "./counter.ts", "--source-option", "count=4"],
      ...["--stage", "./negate.ts", "--stage", "./negate.ts", "--stage-option", "by=10"],
      ...["--label", "site=x", "--no-vm", "--csv", "counted.csv"],
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Loaded\.\n/);
    expect(stderr).toContain(
      "./counter.ts is a program; it runs with all your rights.\n./negate.ts is a program; it runs with all your rights.\n",
    );
    const lines = (await readFile(folder.path("counted.csv"), "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => line.split(";")[3])).toEqual(["0.0", "-10.0", "-20.0", "-30.0"]);
    expect(lines[1]).toMatch(/;x$/);
  });

  it("takes stages from the configuration file", async () => {
    const archive = await folder.archive("staged.zip");
    const stages = [{ specifier: "./negate.ts", options: { by: "0" } }];
    await writeFile(folder.path("stages.json"), JSON.stringify({ stages }));
    const { code } = await run(
      ...[archive.path, "--config", "stages.json", "--no-vm", "--csv", "staged.csv"],
    );
    expect(code).toBe(0);
    const lines = (await readFile(folder.path("staged.csv"), "utf8")).trimEnd().split("\n");
    expect(lines).toHaveLength(archive.samples);
    expect(new Set(lines.map((line) => Math.abs(Number(line.split(";")[3]))))).toEqual(
      new Set([0]),
    );
  });

  it("says where a source has nothing", async () => {
    const { code, stderr } = await run(
      ...["--source", "./counter.ts", "--source-option", "count=0", "--no-vm", "--csv", "none.csv"],
    );
    expect(stderr).toContain("Nothing to load: ./counter.ts has nothing.");
    expect(code).toBe(1);
  });

  it.each<[readonly string[], number, RegExp]>([
    [
      ["x", "--stage", "./other.ts"],
      1,
      /"\.\/other\.ts" accepts "frame", but "series-batch" flows/,
    ],
    [["--source", "./negate.ts"], 1, /"\.\/negate\.ts" is a stage, not a source/],
    [["x", "--parser", "./no-parser.ts"], 1, /created a parser without identify/],
    [["x", "--parser", "./gone.ts"], 2, /No plugin "\.\/gone\.ts"/],
    [["x", "--source", "./counter.ts"], 2, /--source reads by itself; leave out \S+x\./],
    [["x", "--parser-option", "a=b"], 2, /--parser-option needs --parser/],
    [
      ["--source", "./counter.ts", "--from", "2025-10-20"],
      2,
      /--from cannot be used with --source/,
    ],
    [
      ["--source", "./counter.ts", "--parser", "./x.ts"],
      2,
      /--parser cannot be used with --source/,
    ],
    [["--source", "./counter.ts", "--resume"], 2, /--resume c/],
    [["x", "--stage-option", "a=b"], 2, /Name the --stage before it/],
  ])("refuses %j", async (args, exitCode, problem) => {
    const { code, stderr } = await run(...args, "--no-vm", "--csv", "refused.csv");
    expect(stderr).toMatch(problem);
    expect(code).toBe(exitCode);
  });
});
