import { readFile } from "node:fs/promises";
import type { VictoriaMetricsServer } from "@millrace/vm-sink/server";
import { findVictoriaMetrics, startVictoriaMetrics } from "@millrace/vm-sink/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testFolder } from "../test/archives.ts";
import { type Fate, startProxy, verificationWatch } from "../test/proxy.ts";
import { startMillrace } from "../test/run-millrace.ts";
import type { CommandReport } from "./report-text.ts";

const missing = (await findVictoriaMetrics())
  ? undefined
  : "VictoriaMetrics is not installed: apt-get install victoria-metrics";
if (missing !== undefined) {
  process.stdout.write(`skipped ingest-verify.real.test.ts: ${missing}\n`);
}

function whenVerifying(fate: Fate): (path: string) => Fate {
  const isVerification = verificationWatch();
  return (path) => (isVerification(path) ? fate : "pass");
}

describe.skipIf(missing !== undefined)("millrace ingest --verify that cannot be done", () => {
  const folder = testFolder();
  let database: VictoriaMetricsServer;

  beforeAll(async () => {
    database = await startVictoriaMetrics();
  });
  afterAll(async () => {
    await database?.stop();
  });

  const start = (name: string, url: string, ...args: readonly string[]) =>
    startMillrace(
      ["ingest", folder.path(name), "--vm-url", url, "--verify", "--report", `${name}.json`].concat(
        args,
      ),
      { cwd: folder.path() },
    );
  const reportOf = async (name: string): Promise<CommandReport> =>
    JSON.parse(await readFile(folder.path(`${name}.json`), "utf8"));

  it("keeps the summary and the report when it is interrupted", async () => {
    const { samples } = await folder.archive("interrupted.zip");
    await using proxy = await startProxy(database.url, () => "pass", whenVerifying("hold"));
    const { child, finished } = start("interrupted.zip", proxy.url);
    await proxy.held;
    child.kill("SIGINT");
    const { code, signal, stdout, stderr } = await finished;
    expect({ code, signal }).toEqual({ code: 130, signal: null });
    expect(stderr).toContain("Stopping; once more stops at once.");
    expect(stdout).toMatch(/^Loaded; the verification was interrupted\.\n/);
    const report = await reportOf("interrupted.zip");
    expect(report).toMatchObject({
      complete: false,
      verifyError: "Interrupted.",
      samples: { accepted: samples },
    });
    expect(report).not.toHaveProperty("verified");
    expect(report).not.toHaveProperty("error");
  });

  it.each<[string, readonly string[], RegExp]>([
    ["the summary", [], /^Loaded; the verification could not be done\.\n/],
    ["nothing", ["--quiet"], /^$/],
  ])(
    "says that the load has ended when the database fails, and prints %s",
    async (_, args, text) => {
      const name = `unanswered${args.join("")}.zip`;
      const { samples } = await folder.archive(name);
      await using proxy = await startProxy(database.url, () => "pass", whenVerifying("break"));
      const { code, stdout, stderr } = await start(name, proxy.url, ...args).finished;
      expect(code).toBe(1);
      expect(stdout).toMatch(text);
      expect(stderr).toMatch(
        /^millrace: The load has ended, but --verify could not be done: .*422.*$/m,
      );
      expect(await reportOf(name)).toMatchObject({
        complete: false,
        verifyError: expect.stringContaining("422"),
        samples: { accepted: samples },
      });
    },
  );
});
