import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";
import { findVictoriaMetrics } from "@millrace/vm-sink/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningServer, serverSettings, startServer } from "../src/index.ts";
import type { JobView } from "../src/storage/job-views.ts";
import { ask, finished, form, type TestBench, testBench } from "./test-server.ts";
import { Refused, tusUpload } from "./tus-client.ts";

const missing = (await findVictoriaMetrics())
  ? undefined
  : "VictoriaMetrics is not installed: apt-get install victoria-metrics";
if (missing !== undefined) process.stdout.write(`skipped access.real.test.ts: ${missing}\n`);

const TOKEN = "a-token-of-the-test";

describe("a server's settings", () => {
  it("must not open it to the network without a token", async () => {
    const settings = serverSettings.parse({ host: "0.0.0.0", dataFolder: "/nowhere" });
    const error = await startServer(settings).catch((thrown: unknown) => thrown);
    expect(MillraceError.is(error) && error.message).toBe(
      "host is 0.0.0.0, which other machines reach: set a token, so that not everybody can load and delete.",
    );
  });

  it("must not let every page do everything", async () => {
    const settings = serverSettings.parse({ allowedOrigins: "*", dataFolder: "/nowhere" });
    await expect(startServer(settings)).rejects.toThrow(/allowedOrigins is \*.*set a token/);
  });

  it.each([
    [{ port: "70000" }, /port/],
    [{ token: "short" }, /8 characters/],
    [{ nonsense: 1 }, /nonsense/],
    [{ allowedOrigins: "ops.example" }, /origins such as https/],
    [{ allowedOrigins: "https://Ops.example" }, /origins such as https/],
    [{ allowedOrigins: "*,https://ops.example" }, /origins such as https/],
    [{ grafanaUrl: "ftp://x" }, /grafanaUrl/],
  ])("refuse %j", (settings, problem) => {
    expect(() => serverSettings.parse(settings)).toThrow(problem);
  });
});

describe.skipIf(missing !== undefined)("a server with a token and limits", () => {
  let bench: TestBench;
  let server: RunningServer;
  const headers = { authorization: `Bearer ${TOKEN}` };

  beforeAll(async () => {
    bench = await testBench();
    server = await bench.start({
      token: TOKEN,
      maxUploadBytes: 20_000,
      allowedOrigins: "https://ops.example",
    });
  });
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]();
  });

  it.each([
    ["GET", "/v1/jobs"],
    ["GET", "/v1/arrays"],
    ["GET", "/v1/events"],
    ["GET", "/V1/../v1/jobs"],
    ["GET", "/v1/%6Aobs"],
    ["GET", "/metrics"],
    ["POST", "/v1/uploads"],
    ["PATCH", "/v1/uploads/abc"],
    ["POST", "/v1/uploads/form"],
    ["POST", "/api/upload"],
    ["DELETE", "/api/arrays"],
  ])("asks who calls %s %s", async (method, path) => {
    const { status, body } = await ask<{ error: { message: string } }>(`${server.url}${path}`, {
      method,
    });
    expect(status).toBe(401);
    expect(body.error.message).toContain("Authorization: Bearer <token>");
  });

  it("lets in who has it, in a header or, for streams and downloads, in the address", async () => {
    expect((await ask(`${server.url}/v1/jobs`, { headers })).status).toBe(200);
    expect((await ask(`${server.url}/v1/jobs?access_token=${TOKEN}`)).status).toBe(200);
    expect((await ask(`${server.url}/v1/jobs?access_token=${TOKEN}x`)).status).toBe(401);
    expect((await ask(`${server.url}/health`)).status).toBe(200);
  });

  it("lets pages of named origins call, and of no others", async () => {
    const allowed = await fetch(`${server.url}/health`, {
      headers: { origin: "https://ops.example" },
    });
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://ops.example");
    const other = await fetch(`${server.url}/health`, {
      headers: { origin: "https://evil.example" },
    });
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("refuses what is too large, by form and in pieces, and keeps nothing of it", async () => {
    const large = Buffer.alloc(20_001);
    const { status, body } = await ask<{ error: { message: string } }>(
      `${server.url}/v1/uploads/form`,
      { method: "POST", headers, body: form(new Uint8Array(large), "large.zip") },
    );
    expect(status).toBe(413);
    expect(body.error.message).toContain("20000 bytes");
    const pieces = await fetch(`${server.url}/v1/uploads`, {
      method: "POST",
      headers: {
        ...headers,
        "tus-resumable": "1.0.0",
        "upload-length": String(large.length),
        "upload-metadata": `filename ${Buffer.from("large.zip").toString("base64")}`,
      },
    });
    expect(pieces.status).toBe(413);
    const { body: jobs } = await ask<{ jobs: unknown[] }>(`${server.url}/v1/jobs`, { headers });
    expect(jobs.jobs).toEqual([]);
  });
});

describe.skipIf(missing !== undefined)("uploads in pieces", () => {
  let bench: TestBench;
  let server: RunningServer;

  beforeAll(async () => {
    bench = await testBench();
    server = await bench.start();
  });
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]();
  });

  it("become a job of the same id when the last piece is there", async () => {
    const archive = await bench.archive("pieces.zip");
    const bytes = await readFile(archive.path);
    const id = await tusUpload(server.url, bytes, { filename: "päckchen.zip", pieceBytes: 3_000 });
    const job: JobView = await finished(server, id);
    expect(job).toMatchObject({
      state: "done",
      filename: "päckchen.zip",
      serials: [archive.serial],
    });
    expect(await bench.held(archive.serial)).toBe(archive.samples);
  });

  it("are refused by their name before the first byte, and by their content after the last", async () => {
    const text = Buffer.from("no archive at all");
    const send = (filename: string) =>
      tusUpload(server.url, text, { filename, pieceBytes: 10 }).catch((error: unknown) => error);
    expect(await send("notes.txt")).toMatchObject({
      status: 415,
      message: "notes.txt is no archive: upload a .zip, .7z or .tgz.",
    });
    const broken = await send("../../broken.zip");
    expect(broken).toBeInstanceOf(Refused);
    expect(broken).toMatchObject({
      status: 422,
      message: "broken.zip is called .zip but is none.",
    });
    const { readdir } = await import("node:fs/promises");
    expect(await readdir(join(bench.folder, "data", "incoming"))).toEqual([]);
  });
});
