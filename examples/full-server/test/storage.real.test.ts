import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { findVictoriaMetrics } from "@millrace/vm-sink/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../src/index.ts";
import type { JobView } from "../src/storage/job-views.ts";
import { ask, finished, form, type TestBench, testBench } from "./test-server.ts";

const missing = (await findVictoriaMetrics())
  ? undefined
  : "VictoriaMetrics is not installed: apt-get install victoria-metrics";
if (missing !== undefined) process.stdout.write(`skipped storage.real.test.ts: ${missing}\n`);

describe.skipIf(missing !== undefined)("the storage server", () => {
  let bench: TestBench;
  let server: RunningServer;

  beforeAll(async () => {
    bench = await testBench();
    server = await bench.start();
  });
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]();
  });

  const upload = async (path: string, name: string, target?: string) =>
    await ask<{ job: JobView }>(`${server.url}/v1/uploads/form`, {
      method: "POST",
      body: form(new Uint8Array(await readFile(path)), name, target),
    });

  it("loads an upload, lists its array, and has its series for charts", async () => {
    const archive = await bench.archive("one.zip");
    const { status, body } = await upload(archive.path, "one.zip");
    expect(status).toBe(201);
    expect(body.job).toMatchObject({
      filename: "one.zip",
      target: "grafana",
      serials: [archive.serial],
    });
    const job = await finished(server, body.job.id);
    expect(job).toMatchObject({
      state: "done",
      error: null,
      report: {
        complete: true,
        verified: "complete",
        files: { total: 8, ok: 8 },
        samples: { parsed: archive.samples, durable: archive.samples },
      },
    });
    expect(await bench.held(archive.serial)).toBe(archive.samples);

    const { body: list } = await ask<{ arrays: { serial: string }[] }>(`${server.url}/v1/arrays`);
    const base = `${server.url}/v1/arrays/${archive.serial}`;
    expect(list.arrays).toContainEqual(
      expect.objectContaining({
        serial: archive.serial,
        intervalSeconds: 60,
        samples: archive.samples,
        timeRangeMs: [Date.UTC(2025, 9, 20), Date.UTC(2025, 9, 20, 0, 59)],
        grafanaUrl: expect.stringContaining(`var-SN=${archive.serial}`),
      }),
    );
    const { body: types } = await ask<{ resources: string[] }>(`${base}/resources`);
    expect(types.resources).toContain("LUN");
    const { body: luns } = await ask<{ elements: string[] }>(`${base}/elements?resource=LUN`);
    expect(luns.elements.length).toBeGreaterThan(1);
    const { body: found } = await ask<{ metrics: { name: string; title: string }[] }>(
      `${base}/metrics?resource=LUN`,
    );
    expect(found.metrics).toContainEqual({
      name: "huawei_total_iops_io_s",
      title: "Total IOPS (IO/s)",
      unit: "IO/s",
    });
    const query = "resource=LUN&metric=huawei_total_iops_io_s";
    const { body: drawn } = await ask<{
      stepMs: number;
      timesMs: number[];
      series: { element: string; values: (number | null)[]; min: number; max: number }[];
    }>(`${base}/series?${query}&element=${encodeURIComponent(luns.elements[0] ?? "")}`);
    expect(drawn.stepMs).toBe(60_000);
    expect(drawn.timesMs[0]).toBe(Date.UTC(2025, 9, 20));
    const decades = `&fromMs=-8.64e15&toMs=8.64e15&points=10000`;
    const { body: beyond } = await ask<typeof drawn>(
      `${base}/series?${query}&element=${encodeURIComponent(luns.elements[0] ?? "")}${decades}`,
    );
    expect(beyond).toEqual(drawn);
    const [line] = drawn.series;
    expect(line?.values.every((value) => value !== null)).toBe(true);
    const values = (line?.values ?? []) as number[];
    expect(line?.max).toBe(Math.max(...values));
    expect(line?.min).toBe(Math.min(...values));
  });

  it.each([
    ["csv", /^two\.csv\.gz$/],
    ["perfmonkey", /_output\.csv\.gz$/],
    ["parquet", /^two\.parquet$/],
  ])("makes files for %s, to be downloaded whole or in part", async (target, name) => {
    const archive = await bench.archive("two.zip");
    const { body } = await upload(archive.path, "two.zip", target);
    const job = await finished(server, body.job.id);
    expect(job.error).toBeNull();
    expect(job.outputs.length).toBeGreaterThan(0);
    for (const output of job.outputs) expect(output.name).toMatch(name);
    const [output] = job.outputs;
    const url = `${server.url}${output?.url}`;
    const answer = await fetch(url);
    const whole = Buffer.from(await answer.arrayBuffer());
    expect(whole.length).toBe(output?.sizeBytes);
    if (target === "csv") {
      expect(gunzipSync(whole).toString().trimEnd().split("\n")).toHaveLength(archive.samples);
    }
    const part = await fetch(url, { headers: { range: "bytes=2-5" } });
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe(`bytes 2-5/${whole.length}`);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(whole.subarray(2, 6));
    const none = await fetch(url, { headers: { range: `bytes=${whole.length}-` } });
    expect(none.status).toBe(416);
    const etag = answer.headers.get("etag") ?? "";
    expect((await fetch(url, { headers: { "if-none-match": etag } })).status).toBe(304);
    expect((await fetch(`${server.url}/v1/jobs/${job.id}/outputs/..%2F..%2Fjobs.db`)).status).toBe(
      404,
    );
    expect((await ask(`${server.url}/v1/jobs/${job.id}`, { method: "DELETE" })).status).toBe(204);
    expect((await fetch(url)).status).toBe(404);
  });

  it("says what is wrong with an upload, and keeps nothing of it", async () => {
    const text = new Uint8Array(Buffer.from("no archive at all"));
    const post = (name: string, target?: string) =>
      ask<{ error: { code: string; message: string } }>(`${server.url}/v1/uploads/form`, {
        method: "POST",
        body: form(text, name, target),
      });
    const other = await post("notes.txt");
    expect(other.status).toBe(415);
    expect(other.body.error.message).toBe("notes.txt is no archive: upload a .zip, .7z or .tgz.");
    const broken = await post("../../etc/broken.zip");
    expect(broken.status).toBe(422);
    expect(broken.body.error.message).toBe("broken.zip is called .zip but is none.");
    expect((await post("a.zip", "elsewhere")).status).toBe(400);
    const { status, body } = await ask<{ error: { message: string } }>(
      `${server.url}/v1/uploads/form`,
      { method: "POST" },
    );
    expect(status).toBe(400);
    expect(body.error.message).toContain("multipart/form-data");
  });

  it("deletes the series of one array and of nobody else", async () => {
    const [gone, kept] = [await bench.archive("gone.zip"), await bench.archive("kept.zip")];
    for (const { path } of [gone, kept]) {
      const { body } = await upload(path, "a.zip");
      await finished(server, body.job.id);
    }
    const foreign = `other_app{SN="${gone.serial}"} 1 ${Date.UTC(2025, 9, 20)}`;
    await fetch(`${bench.database.url}/api/v1/import/prometheus`, {
      method: "POST",
      body: foreign,
    });
    const deleted = await ask(`${server.url}/v1/arrays/${gone.serial}`, { method: "DELETE" });
    expect(deleted.status).toBe(204);
    expect(await bench.held(gone.serial)).toBe(1);
    expect(await bench.held(kept.serial)).toBe(kept.samples);
    expect((await ask(`${server.url}/v1/arrays/${gone.serial}`)).status).toBe(404);
    expect((await ask(`${server.url}/v1/arrays/none"}`, { method: "DELETE" })).status).toBe(404);
  });

  it("speaks the words of the seed", async () => {
    const archive = await bench.archive("seed.zip");
    const { status, body } = await ask<Record<string, unknown>>(`${server.url}/api/upload`, {
      method: "POST",
      body: form(new Uint8Array(await readFile(archive.path)), "seed.zip"),
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ serial_numbers: [archive.serial], target: "grafana" });
    const id = String(body["job_id"]);
    await finished(server, id);
    expect((await ask(`${server.url}/api/status/${id}`)).body).toMatchObject({
      job_id: id,
      status: "done",
      progress: 100,
      error: null,
      filename: "seed.zip",
      grafana_url: expect.stringContaining("/d/huawei-oceanstor-real/"),
    });
    expect((await ask(`${server.url}/api/array/${archive.serial}/timerange`)).body).toEqual({
      sn: archive.serial,
      time_from: Date.UTC(2025, 9, 20),
      time_to: Date.UTC(2025, 9, 20, 0, 59),
    });
    const { body: arrays } = await ask<{ arrays: string[] }>(`${server.url}/api/arrays`);
    expect(arrays.arrays).toContain(archive.serial);
    expect((await ask(`${server.url}/health`)).body).toEqual({ status: "healthy" });
    expect((await ask(`${server.url}/`)).body).toMatchObject({ status: "ok", service: "millrace" });
  });

  it("tells pages what happens", async () => {
    const archive = await bench.archive("events.zip");
    const stop = new AbortController();
    const stream = await fetch(`${server.url}/v1/events`, { signal: stop.signal });
    const { body } = await upload(archive.path, "events.zip");
    let text = "";
    const decoder = new TextDecoder();
    for await (const piece of stream.body as ReadableStream<Uint8Array>) {
      text += decoder.decode(piece, { stream: true });
      if (text.includes('"state":"done"') && text.includes("event: arrays")) break;
    }
    stop.abort();
    expect(text).toContain(`"id":"${body.job.id}"`);
  });

  it("describes itself, and counts", async () => {
    const { body } = await ask<{ paths: object }>(`${server.url}/docs/json`);
    expect(Object.keys(body.paths)).toContain("/v1/arrays/{serial}/series");
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain("millrace_http_request_duration_seconds_count");
  });
});
