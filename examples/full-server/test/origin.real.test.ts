import { request } from "node:http";
import { findVictoriaMetrics } from "@millrace/vm-sink/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../src/index.ts";
import { type TestBench, testBench } from "./test-server.ts";

const missing = (await findVictoriaMetrics())
  ? undefined
  : "VictoriaMetrics is not installed: apt-get install victoria-metrics";
if (missing !== undefined) process.stdout.write(`skipped origin.real.test.ts: ${missing}\n`);

const TOKEN = "a-token-of-the-test";

interface Answer {
  readonly status: number | undefined;
  readonly allowedOrigin: string | undefined;
  readonly text: string;
}

/** As a browser would send it; fetch does not let a program choose these headers. */
async function send(
  { url }: RunningServer,
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { method, headers, agent: false }, (answer) => {
      let text = "";
      answer.on("data", (piece: Buffer) => {
        text += piece;
      });
      answer.once("end", () => {
        const allowedOrigin = answer.headers["access-control-allow-origin"];
        resolve({ status: answer.statusCode, allowedOrigin, text });
      });
    });
    sent.once("error", reject);
    sent.end();
  });
}

const pieces = {
  "tus-resumable": "1.0.0",
  "upload-length": "10",
  "upload-metadata": `filename ${Buffer.from("a.zip").toString("base64")}`,
};

describe.skipIf(missing !== undefined)("pages of other origins", () => {
  let bench: TestBench;
  let open: RunningServer;
  let guarded: RunningServer;

  beforeAll(async () => {
    bench = await testBench();
    open = await bench.start({ hosts: "metrics.example" });
    guarded = await bench.start({
      dataFolder: `${bench.folder}/guarded`,
      token: TOKEN,
      allowedOrigins: "https://ops.example",
    });
  });
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]();
  });

  it.each([
    ["POST", "/v1/uploads/form", "https://evil.example"],
    ["POST", "/v1/uploads", "https://evil.example"],
    ["OPTIONS", "/v1/uploads", "https://evil.example"],
    ["DELETE", "/api/arrays", "https://evil.example"],
    ["POST", "/v1/jobs/x/cancel", "null"],
  ])("may not %s %s, and get no permission of CORS", async (method, path, origin) => {
    const answer = await send(open, method, path, { ...pieces, origin });
    expect(answer).toMatchObject({ status: 403, allowedOrigin: undefined });
    expect(answer.text).toContain("may not call this server; add the origin to its setting");
  });

  it("do not become ours by a name that leads to this machine", async () => {
    const headers = { host: "evil.example:8080", origin: "http://evil.example:8080" };
    const answer = await send(open, "DELETE", "/api/arrays", headers);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('does not answer under the name \\"evil.example\\"');
    expect((await send(open, "GET", "/v1/jobs", { host: "evil.example" })).status).toBe(403);
    expect((await send(open, "GET", "/v1/jobs", { host: "127.evil.example" })).status).toBe(403);
  });

  it("are told from our own, under each name of this machine", async () => {
    const { port } = new URL(open.url);
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`]) {
      const headers = { ...pieces, host, origin: `http://${host}` };
      expect((await send(open, "POST", "/v1/uploads", headers)).status).toBe(201);
    }
    const proxied = { host: `127.0.0.1:${port}`, origin: "https://metrics.example" };
    expect((await send(open, "POST", "/v1/uploads", { ...pieces, ...proxied })).status).toBe(201);
    expect((await send(open, "GET", "/v1/jobs", { host: "metrics.example" })).status).toBe(200);
  });

  it("may call where they are named, with the token", async () => {
    const origin = "https://ops.example";
    const authorization = `Bearer ${TOKEN}`;
    const wanted = { origin, "access-control-request-method": "PATCH" };
    const preflight = await send(guarded, "OPTIONS", "/v1/uploads/x", wanted);
    expect(preflight).toMatchObject({ status: 204, allowedOrigin: origin });
    const headers = { ...pieces, origin, authorization };
    expect(await send(guarded, "POST", "/v1/uploads", headers)).toMatchObject({
      status: 201,
      allowedOrigin: origin,
    });
    // Behind a token any name will do: no page can know the token.
    const named = { host: "metrics.internal", authorization };
    expect((await send(guarded, "GET", "/v1/jobs", named)).status).toBe(200);
  });
});
