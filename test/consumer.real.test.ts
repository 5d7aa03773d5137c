// The packages as someone gets them who installs them: packed, in a project of its own, without this repository.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { generateArchive, writeZip } from "../packages/ingest/src/testing/index.ts";
import { buildDeclarations } from "./build-if-stale.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const PNPM = ["--yes", "--prefer-offline", "pnpm@12.21.0"];
const KB = 1_000;
/** Most bytes of a tarball, by folder of the package. */
const BUDGETS = {
  ...{ core: 250 * KB, media: 300 * KB, ingest: 450 * KB, "vm-sink": 250 * KB, cli: 1_000 * KB },
};
const TOOLS = ["typescript@~5.9.3", "rxjs@^7.8.2", "@types/node@^24"];
const OFFLINE = /ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|ENOTCACHED/;

const CONSUMER = `
import { definePlugin, discard, MillraceError, type SeriesBatch, type Sink, sampleCount } from "@millrace/core";
import { collectReport, ingest, inspect, type IngestReport } from "@millrace/ingest";
import { htmlReport, type HtmlReportResult } from "@millrace/ingest/html-report";
import { openFrameCount } from "@millrace/media";
import { nodeAv } from "@millrace/media/node-av";
import { victoriaMetrics } from "@millrace/vm-sink";
import { findVictoriaMetrics } from "@millrace/vm-sink/server";
import { runCommand } from "millrace";
import { lastValueFrom, map } from "rxjs";

const [, , archive = "", page = ""] = process.argv;
const run = ingest(archive).to(discard<SeriesBatch>());
const reporting = collectReport(run);
const accepted: Promise<number> = lastValueFrom(run.progress$.pipe(map(({ units }) => units.accepted)));
const { units } = await run.result;
const report: IngestReport = await reporting;
const drawn: HtmlReportResult = await ingest(archive).to(htmlReport({ path: page })).result;
let walked = 0;
for await (const batch of ingest([archive])) walked += sampleCount(batch);
const sink: Sink<SeriesBatch, unknown> = victoriaMetrics({ url: "http://127.0.0.1:9", dryRun: true });
await ingest(archive).to(sink).result;
const refused = await ingest("nowhere.zip").to(discard()).result.then(
  () => "nothing",
  (error: unknown) => (MillraceError.is(error) ? error.code : "something else"),
);
const plugin = definePlugin({ kind: "sink", name: "nowhere", create: () => discard() });
const found = await inspect(archive);
const server: string | undefined = await findVictoriaMetrics("");
// The worker's program is found in the package; the library is another's.
await using video = nodeAv({ workers: 1, lib: "data:text/javascript,export const Log = { setLevel() {} }" });
await video.decoder.check();
let said = "";
const output = { write: (text: string) => { said += text; } };
const code = await runCommand(["inspect", archive], {
  stdout: output, stderr: output, env: {}, cwd: process.cwd(), onInterrupt: () => () => {},
});
console.log(JSON.stringify({
  units, accepted: await accepted, complete: report.complete, walked, refused, code,
  page: drawn.sizeBytes > 1000, plugin: plugin.name, series: found.arrays[0]?.series,
  server: server ?? "none", frames: openFrameCount(), said: said.includes("performance files"),
}));
`;

describe("installed from tarballs", () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-consumer-"));
  const project = join(folder, "project");
  const tarballs: string[] = [];
  const sizes = new Map<string, number>();
  let offline: string | undefined;

  beforeAll(() => {
    buildDeclarations();
    mkdirSync(project);
    for (const name of Object.keys(BUDGETS)) {
      const target = join(folder, name);
      run("npx", [...PNPM, "pack", "--pack-destination", target], join(root, "packages", name));
      const [tarball = ""] = readdirSync(target);
      tarballs.push(join(target, tarball));
      sizes.set(name, statSync(join(target, tarball)).size);
    }
    for (const [name, size] of sizes) {
      process.stdout.write(`packed ${name}: ${(size / KB).toFixed(0)} kB\n`);
    }
    writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }');
    const flags = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
    const install = spawn("npm", ["install", ...flags, ...TOOLS, ...tarballs], project);
    if (install.status !== 0 && OFFLINE.test(install.stderr)) {
      offline = "npm reaches no registry and has not everything in its cache";
      process.stdout.write(`skipped in consumer.real.test.ts: ${offline}\n`);
    } else if (install.status !== 0) throw new Error(install.stdout + install.stderr);
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  const online = ({ skip }: TestContext): void => skip(offline !== undefined, offline);

  it.each(Object.entries(BUDGETS))("%s is packed within %d bytes", (name, budget) => {
    expect(sizes.get(name)).toBeLessThan(budget);
  });

  it.each(Object.keys(BUDGETS))(
    "%s carries its licence, and neither tests nor build info",
    (name) => {
      const [tarball = ""] = readdirSync(join(folder, name));
      const listed = run("tar", ["tzf", join(folder, name, tarball)], folder).split("\n");
      expect(listed).toContain("package/LICENSE");
      expect(listed.filter((path) => /\.test\.|tsbuildinfo|\/test\//.test(path))).toEqual([]);
    },
  );

  it("brings no optional peer", (context) => {
    online(context);
    const installed = readdirSync(join(project, "node_modules"));
    expect(installed).toEqual(expect.arrayContaining(["@millrace", "millrace", "rxjs"]));
    for (const peer of ["vitest", "yazl"]) expect(installed).not.toContain(peer);
  });

  it("compiles in a strict project and runs", async (context) => {
    online(context);
    const archive = join(project, "tiny.zip");
    const { samples } = await writeZip(generateArchive({ profile: "tiny" }), archive);
    writeFileSync(join(project, "main.ts"), CONSUMER);
    const compilerOptions = {
      ...{ target: "es2023", module: "nodenext", strict: true, exactOptionalPropertyTypes: true },
      ...{ noUncheckedIndexedAccess: true, skipLibCheck: false, types: ["node"], outDir: "out" },
    };
    writeFileSync(
      join(project, "tsconfig.json"),
      JSON.stringify({ compilerOptions, files: ["main.ts"] }),
    );
    run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."], project);
    const page = join(project, "page.html");
    const printed = run(process.execPath, ["out/main.js", archive, page], project);
    expect(JSON.parse(printed)).toEqual({
      ...{ units: samples, accepted: samples, walked: samples, complete: true, series: 55 },
      ...{
        refused: "NOT_FOUND",
        code: 0,
        page: true,
        frames: 0,
        plugin: "nowhere",
        server: "none",
        said: true,
      },
    });
    expect(existsSync(page)).toBe(true);
  });

  it("has a command", (context) => {
    online(context);
    expect(run("npx", ["--no-install", "millrace", "--version"], project)).toMatch(
      /^\d+\.\d+\.\d+\n$/,
    );
    const help = run("npx", ["--no-install", "millrace", "ingest", "--help"], project);
    expect(help).toContain("--vm-url");
  });

  it("can be required from CommonJS", (context) => {
    online(context);
    const code = `for (const name of ["@millrace/core", "@millrace/ingest", "@millrace/vm-sink", "millrace"])
      if (Object.keys(require(name)).length === 0) throw new Error(name);`;
    run(process.execPath, ["--input-type=commonjs", "-e", code], project);
  });
});

function spawn(program: string, args: readonly string[], cwd: string) {
  // Settings of the package manager that runs the tests are not those of the project.
  const env = Object.entries(process.env).filter(([name]) => !/^(npm|pnpm)_/i.test(name));
  return spawnSync(program, args, { cwd, encoding: "utf8", env: Object.fromEntries(env) });
}

function run(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawn(program, args, cwd);
  if (status === 0) return stdout;
  throw new Error(`${program} ${args.join(" ")} failed: ${error ?? ""}${stdout}${stderr}`);
}
