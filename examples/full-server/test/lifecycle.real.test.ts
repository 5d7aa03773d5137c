import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { dirname, join, relative } from "node:path";
import { MillraceError } from "@millrace/core";
import { findVictoriaMetrics } from "@millrace/vm-sink/server";
import { describe, expect, it } from "vitest";
import { serverSettings, startServer } from "../src/index.ts";
import type { JobView } from "../src/storage/job-views.ts";
import { freePort, startServerProcess } from "./server-process.ts";
import { ask, finished, testBench } from "./test-server.ts";
import { tusUpload } from "./tus-client.ts";

const missing = (await findVictoriaMetrics())
  ? undefined
  : "VictoriaMetrics is not installed: apt-get install victoria-metrics";
if (missing !== undefined) process.stdout.write(`skipped lifecycle.real.test.ts: ${missing}\n`);

async function refusal(starting: Promise<unknown>): Promise<string> {
  const error = await starting.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (MillraceError.is(error)) return error.message;
  throw new Error("It started, or failed with another error.", { cause: error });
}

describe("a server does not start", () => {
  it.each([
    ["/srv/millrace", "/srv/millrace"],
    ["/srv", "/srv/millrace"],
    ["/", "/srv/millrace"],
    ["/srv/millrace/objects", "/srv/millrace"],
    ["/srv/millrace/incoming/new", "/srv/millrace"],
  ])("with the watched folder %s and its data in %s", async (watchFolder, dataFolder) => {
    const settings = serverSettings.parse({ watchFolder, dataFolder });
    expect(await refusal(startServer(settings))).toContain("overlap");
  });

  it("with what is no address of a database, and keeps its password", async () => {
    const vmUrl = "user:secret@host";
    const problem = serverSettings.safeParse({ vmUrl }).error?.message ?? "";
    expect(problem).toContain("give an address such as http://localhost:8428");
    expect(problem).not.toContain("secret");
    const settings = serverSettings.parse({ vmUrl: "http://user:secret@host/?key=secret" });
    const refused = await refusal(startServer(settings));
    expect(refused).toContain('has the parameter "key"');
    expect(refused).not.toContain("secret");
  });
});

describe.skipIf(missing !== undefined)("a server that starts and stops", () => {
  it("says what is in its way, and holds nothing after that", async () => {
    await using bench = await testBench();
    const first = await bench.start();
    const { port } = new URL(first.url);
    expect(await refusal(bench.start())).toContain("is in use by another process");
    const other = { dataFolder: join(bench.folder, "other") };
    expect(await refusal(bench.start({ ...other, port }))).toContain(`port ${port}`);
    await bench.start(other);
    expect((await ask(`${first.url}/v1/jobs`)).status).toBe(200);

    const file = join(bench.folder, "file");
    await writeFile(file, "");
    const below = bench.start({ dataFolder: join(file, "data") });
    expect(await refusal(below)).toContain("Give another dataFolder");

    await first.close();
    const jobs = join(bench.folder, "data", "jobs.db");
    const damaged = (await readFile(jobs)).fill(7, 0, 200);
    await writeFile(jobs, damaged);
    expect(await refusal(bench.start())).toContain("damaged");
    expect(await readFile(jobs)).toEqual(damaged);
  });

  it("ends soon when it is told to, and goes on with loads and uploads", async () => {
    await using bench = await testBench();
    const port = await freePort();
    const base = `http://127.0.0.1:${port}`;
    const settings = {
      port,
      dataFolder: join(bench.folder, "data"),
      vmUrl: bench.database.url,
    };
    const archive = await bench.archive("load.zip", { filesPerController: 24 });
    let server = await startServerProcess(settings);
    const bytes = await readFile(archive.path);
    const id = await tusUpload(base, bytes, { filename: "load.zip", pieceBytes: 1 << 20 });
    // A client that stays and sends nothing must hold nobody up.
    const slow = await beginUpload(base, bytes.length);
    slow.sent.write(bytes.subarray(0, 1_000));
    expect(await server.stop()).toBe(0);
    server = await startServerProcess(settings);
    const job = await finished({ url: base }, id);
    expect(job).toMatchObject({ state: "done", report: { verified: "complete" } });
    expect(await bench.held(archive.serial)).toBe(archive.samples);
    const { headers } = await fetch(slow.url, {
      method: "HEAD",
      headers: { "tus-resumable": "1.0.0" },
    });
    expect(headers.get("upload-length")).toBe(String(bytes.length));
    expect(await server.stop()).toBe(0);
  });

  it("sweeps what a crash left behind, and nothing that may still be used", async () => {
    await using bench = await testBench();
    const data = join(bench.folder, "data");
    const old = ["objects/uploads%/gone%/archive.zip", "checkpoints/gone", "incoming/gone"];
    const young = ["objects/uploads%/new%/archive.zip", "checkpoints/new", "incoming/new"];
    for (const name of [...old, ...young]) {
      await mkdir(dirname(join(data, name)), { recursive: true });
      await writeFile(join(data, name), "x");
    }
    const daysAgo = new Date(Date.now() - 3 * 86_400_000);
    for (const name of old) await utimes(join(data, name), daysAgo, daysAgo);
    await bench.start();
    const left = async () => {
      const names = await readdir(data, { recursive: true, withFileTypes: true });
      return names
        .filter((entry) => entry.isFile() && !/owner|jobs\.db/.test(entry.name))
        .map((entry) => relative(data, join(entry.parentPath, entry.name)))
        .sort();
    };
    await expect.poll(left).toEqual([...young].sort());
  });

  it("waits for a database that is not there yet, and says so", async () => {
    await using bench = await testBench();
    const server = await bench.start({ vmUrl: `http://127.0.0.1:${await freePort()}` });
    const { body: settings } = await ask<{ database: { reachable: boolean } }>(
      `${server.url}/v1/settings`,
    );
    expect(settings.database.reachable).toBe(false);
    const { path } = await bench.archive("early.zip");
    const bytes = await readFile(path);
    const id = await tusUpload(server.url, bytes, { filename: "early.zip", pieceBytes: 1 << 20 });
    const get = async () => (await ask<JobView>(`${server.url}/v1/jobs/${id}`)).body;
    await expect.poll(async () => (await get()).state, { timeout: 60_000 }).toBe("delayed");
    expect((await get()).error?.message).toContain("Cannot reach the database");
    await server.close();
    // The same folder with the database.
    const later = await bench.start();
    await ask(`${later.url}/v1/jobs/${id}/retry`, { method: "POST" });
    expect((await finished(later, id)).state).toBe("done");
  }, 120_000);
});

async function beginUpload(base: string, sizeBytes: number) {
  const metadata = `filename ${Buffer.from("slow.zip").toString("base64")}`;
  const created = await fetch(`${base}/v1/uploads`, {
    method: "POST",
    headers: {
      "tus-resumable": "1.0.0",
      "upload-length": String(sizeBytes),
      "upload-metadata": metadata,
    },
  });
  const url = new URL(created.headers.get("location") ?? "", base).href;
  const sent = request(url, {
    method: "PATCH",
    headers: {
      "tus-resumable": "1.0.0",
      "upload-offset": "0",
      "content-type": "application/offset+octet-stream",
      "content-length": sizeBytes,
    },
  });
  sent.once("error", () => {});
  return { url, sent };
}
