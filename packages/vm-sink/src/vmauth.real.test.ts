import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bodies, loadInto } from "../test/fake-load.ts";
import { binary, exported, freePort, missing } from "../test/real-database.ts";
import { samplesOf } from "../test/samples.ts";
import { countSamples } from "./count-samples.ts";
import { startVictoriaMetrics, type VictoriaMetricsServer } from "./server/index.ts";

/** vmauth is in no package of Debian 12; give its path. */
const program = process.env["VMAUTH_BINARY"] ?? "/usr/bin/vmauth";
const lacking = missing ?? (existsSync(program) ? undefined : `no ${program}; set VMAUTH_BINARY`);
const title = lacking === undefined ? "a real vmauth" : `a real vmauth (skipped: ${lacking})`;
const TOKEN = "t0ken-of-a-test";

describe.skipIf(lacking !== undefined)(title, () => {
  let folder: string;
  let database: VictoriaMetricsServer;
  let child: ChildProcess;
  let url: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-vmauth-"));
    database = await startVictoriaMetrics(binary);
    const config = join(folder, "auth.yml");
    await writeFile(config, `users:\n- bearer_token: ${TOKEN}\n  url_prefix: "${database.url}"\n`);
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    child = spawn(program, [`-auth.config=${config}`, `-httpListenAddr=127.0.0.1:${port}`], {
      stdio: "ignore",
    });
    const answers = (): Promise<boolean> =>
      fetch(`${url}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
    while (!(await answers())) await new Promise((resolve) => setTimeout(resolve, 25));
  });
  afterAll(async () => {
    child?.kill();
    await database?.stop();
    await rm(folder, { recursive: true });
  });

  it("lets a load with its token through, old data included", async () => {
    const batches = bodies(4);
    const options = { bearerToken: TOKEN, durability: "snapshot" } as const;
    const { result, warnings } = await loadInto(url, batches, options);
    expect(result.samples).toBe(4 * 210);
    expect(await exported(database.url, '{job="test"}')).toEqual(samplesOf(batches).texts);
    expect(warnings).toEqual([expect.stringContaining("is a vmauth, not the database itself")]);
    const range = { fromMs: 0, toMs: Date.now() };
    const count = countSamples({ url, bearerToken: TOKEN, labels: { job: "test" }, ...range });
    expect(await count).toBe(4 * 210);
  });

  it("turns away another token, and the error does not repeat it", async () => {
    const wrong = "an0ther-token";
    const error = await loadInto(url, bodies(1), { bearerToken: wrong }).catch((e) => e);
    // 1.145 says 401; 1.79 says 400 and repeats what it got.
    expect(error).toMatchObject({
      code: expect.stringMatching(/^(?:REMOTE_FAILED|SINK_REJECTED)$/),
      message: expect.stringMatching(/refuses these credentials \(HTTP 401\)|\(HTTP 400\).*\*\*\*/),
    });
    expect(String(error)).not.toContain(wrong);
  });
});
