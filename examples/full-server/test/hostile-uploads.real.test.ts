import { readFile, writeFile } from "node:fs/promises";
import { createServer, request, type Server } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { findVictoriaMetrics } from "@millrace/vm-sink/server";
import { Upload } from "tus-js-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../src/index.ts";
import type { JobViewPage } from "../src/storage/job-views.ts";
import { ask, finished, form, type TestBench, testBench } from "./test-server.ts";

const missing = (await findVictoriaMetrics())
  ? undefined
  : "VictoriaMetrics is not installed: apt-get install victoria-metrics";
if (missing !== undefined)
  process.stdout.write(`skipped hostile-uploads.real.test.ts: ${missing}\n`);

interface Failed {
  readonly error: { readonly code: string; readonly message: string };
}

describe.skipIf(missing !== undefined)("uploads that are not as they should be", () => {
  let bench: TestBench;
  let server: RunningServer;

  beforeAll(async () => {
    bench = await testBench();
    server = await bench.start();
  });
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]();
  });

  const part = (name: string, value: string | Buffer, filename?: string): Buffer[] => [
    Buffer.from(
      `--B\r\nContent-Disposition: form-data; name="${name}"${filename === undefined ? "" : `; filename="${filename}"`}\r\n\r\n`,
    ),
    Buffer.from(value),
    Buffer.from("\r\n"),
  ];
  const end = Buffer.from("--B--\r\n");
  const post = async (pieces: readonly Buffer[], type = "multipart/form-data; boundary=B") =>
    await ask<Failed & { job?: { id: string } }>(`${server.url}/v1/uploads/form`, {
      method: "POST",
      headers: { "content-type": type },
      body: new Uint8Array(Buffer.concat(pieces)),
    });
  const jobs = async () => (await ask<JobViewPage>(`${server.url}/v1/jobs`)).body.jobs;
  const stored = async () => {
    const { readdir } = await import("node:fs/promises");
    const names = await readdir(join(bench.folder, "data", "objects"), { recursive: true });
    return names.filter((name) => /uploads%.*\/|\.arriving\/.*\/(?!owner)/.test(name));
  };

  it("are told when a form is broken off or malformed, and leave nothing", async () => {
    const archive = await readFile((await bench.archive("whole.zip")).path);
    const broken = [
      [...part("file", archive.subarray(0, 3_000), "a.zip").slice(0, 2)],
      part("file", archive, "a.zip"),
      [Buffer.from("--B\r\nContent-Dispo")],
    ];
    for (const pieces of broken) {
      const { status, body } = await post(pieces);
      expect(status).toBe(400);
      expect(body.error.message).toContain("The form cannot be read");
    }
    expect((await post([end], "multipart/form-data")).status).toBe(400);
    expect(await jobs()).toEqual([]);
    expect(await stored()).toEqual([]);
  });

  it("leave nothing when the client is gone in the middle of a form", async () => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST /v1/uploads/form HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: multipart/form-data; boundary=B\r\nContent-Length: 100000\r\n\r\n`,
    );
    for (const piece of part("file", Buffer.alloc(50_000), "a.zip")) socket.write(piece);
    await expect.poll(stored).not.toEqual([]);
    socket.destroy();
    await expect.poll(stored).toEqual([]);
    expect(await jobs()).toEqual([]);
  });

  it("take one archive a form, and its target from before or behind it", async () => {
    const archive = await readFile((await bench.archive("late.zip")).path);
    const file = part("file", archive, "late.zip");
    const several = await post([...file, ...part("file", archive, "b.zip"), end]);
    expect(several).toMatchObject({ status: 400, body: { error: { code: "INVALID_OPTION" } } });
    expect(several.body.error.message).toContain("several files");
    const wrong = await post([...file, ...part("target", "elsewhere"), end]);
    expect(wrong.body.error.message).toContain('There is no target "elsewhere"');
    expect(await stored()).toEqual([]);
    const large = part("padding", "x".repeat(900));
    const { status, body } = await post([...large, ...file, ...part("target", "csv"), end]);
    expect(status).toBe(201);
    expect(body.job).toMatchObject({ target: "csv" });
    await finished(server, body.job?.id ?? "");
  });

  it("may have any name: it comes out whole, can be downloaded, and shows no path", async () => {
    const names = ["имя ".repeat(60), "x".repeat(300), "😀".repeat(99), "$&", "it's (1)*", "a%2fb"];
    for (const name of names) {
      const { path } = await bench.archive("named.zip");
      const data = form(new Uint8Array(await readFile(path)), `${name}.zip`, "parquet");
      const { body } = await ask<{ job: { id: string } }>(`${server.url}/v1/uploads/form`, {
        method: "POST",
        body: data,
      });
      const job = await finished(server, body.job.id);
      expect(job.error).toBeNull();
      expect((await fetch(`${server.url}${job.outputs[0]?.url}`)).status).toBe(200);
    }
    const text = new Uint8Array(Buffer.from("no archive"));
    for (const name of ["$&.zip", "$`.zip", "$'.zip"]) {
      const { body } = await ask<Failed>(`${server.url}/v1/uploads/form`, {
        method: "POST",
        body: form(text, name),
      });
      expect(body.error.message).toBe(`${name} is called .zip but is none.`);
    }
    const bad = await ask<Failed>(`${server.url}/v1/uploads/%zz?access_token=secret`);
    expect(bad.body.error.message).not.toContain("secret");
    expect(bad).toMatchObject({ status: 400, body: { error: { code: "INVALID_OPTION" } } });
  });

  it("become one job when the last answer is lost, as the browser's library goes on", async () => {
    const archive = await bench.archive("lost.zip");
    await using proxy = await answerLosingProxy(server.url);
    const upload = await send(proxy.url, await readFile(archive.path), "lost.zip");
    expect(proxy.lost).toBe(1);
    const found = (await jobs()).filter(({ filename }) => filename === "lost.zip");
    expect(found.map(({ id }) => id)).toEqual([upload.url?.split("/").at(-1)]);
    await finished(server, found[0]?.id ?? "");
    expect(await bench.held(archive.serial)).toBe(archive.samples);
  });

  it("become jobs after a crash in between, whatever lies beside them", async () => {
    await server.close();
    const incoming = join(bench.folder, "data", "incoming");
    const archive = await bench.archive("complete.zip");
    const bytes = await readFile(archive.path);
    const about = {
      id: "complete",
      size: bytes.length,
      offset: 0,
      metadata: { filename: "complete.zip", target: "grafana" },
      creation_date: new Date(0).toISOString(),
    };
    await writeFile(join(incoming, "complete"), bytes);
    await writeFile(join(incoming, "complete.json"), JSON.stringify(about));
    // Torn by the crash, without its bytes, without its description.
    await writeFile(join(incoming, "torn"), "x");
    await writeFile(join(incoming, "torn.json"), "");
    await writeFile(join(incoming, "bare.json"), JSON.stringify({ ...about, id: "bare" }));
    await writeFile(join(incoming, "lonely"), "x");
    server = await bench.start();
    const head = await fetch(`${server.url}/v1/uploads/complete`, {
      method: "HEAD",
      headers: { "tus-resumable": "1.0.0" },
    });
    expect(head.headers.get("upload-offset")).toBe(String(bytes.length));
    await expect
      .poll(async () => (await ask(`${server.url}/v1/jobs/complete`)).body["state"])
      .toBe("done");
    expect(await bench.held(archive.serial)).toBe(archive.samples);
  });
});

/** Passes requests on, but the answer to the first one that ends an upload never arrives. */
async function answerLosingProxy(target: string) {
  let lost = 0;
  const proxy: Server = createServer((incoming, outgoing) => {
    const { method, headers, url = "" } = incoming;
    const onward = request(`${target}${url}`, { method: method ?? "GET", headers }, (answer) => {
      if (method === "PATCH" && lost === 0) {
        lost += 1;
        incoming.socket.destroy();
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = proxy.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    get lost() {
      return lost;
    },
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections();
      proxy.close();
    },
  };
}

async function send(base: string, bytes: Buffer, filename: string): Promise<Upload> {
  return await new Promise((resolve, reject) => {
    const upload: Upload = new Upload(bytes, {
      endpoint: `${base}/v1/uploads`,
      retryDelays: [50, 50, 50],
      metadata: { filename, target: "grafana" },
      onSuccess: () => resolve(upload),
      onError: reject,
    });
    upload.start();
  });
}
