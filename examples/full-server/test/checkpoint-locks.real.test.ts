import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { findVictoriaMetrics } from "@millrace/vm-sink/server";
import { describe, expect, it } from "vitest";
import type { JobView } from "../src/storage/job-views.ts";
import { ask, finished, testBench } from "./test-server.ts";
import { tusUpload } from "./tus-client.ts";

const missing = (await findVictoriaMetrics())
  ? undefined
  : "VictoriaMetrics is not installed: apt-get install victoria-metrics";
if (missing !== undefined)
  process.stdout.write(`skipped checkpoint-locks.real.test.ts: ${missing}\n`);

/** A machine that cannot be asked whether its process lives. */
const ELSEWHERE = JSON.stringify({ pid: 1, host: "a-container", started: null, token: "x" });

describe.skipIf(missing !== undefined)("the checkpoint of a load that is in use", () => {
  it("is waited for, and taken from a machine that is no more", async () => {
    await using bench = await testBench();
    const checkpoints = join(bench.folder, "data", "checkpoints");
    let server = await bench.start();
    const archive = await bench.archive("held.zip");
    const bytes = await readFile(archive.path);
    const first = await tusUpload(server.url, bytes, { filename: "a.zip", pieceBytes: 1 << 20 });
    await finished(server, first);
    const created = await fetch(`${server.url}/v1/uploads`, {
      method: "POST",
      headers: {
        "tus-resumable": "1.0.0",
        "upload-length": String(bytes.length),
        "upload-metadata": `filename ${Buffer.from("held.zip").toString("base64")}`,
      },
    });
    const id = created.headers.get("location")?.split("/").at(-1) ?? "";
    const lock = join(checkpoints, `${id}.lock`);
    await writeFile(lock, ELSEWHERE);
    await fetch(`${server.url}/v1/uploads/${id}`, {
      method: "PATCH",
      headers: {
        "tus-resumable": "1.0.0",
        "upload-offset": "0",
        "content-type": "application/offset+octet-stream",
      },
      body: new Uint8Array(bytes),
    });
    await pause(1_000);
    const { body: held } = await ask<JobView>(`${server.url}/v1/jobs/${id}`);
    expect(held).toMatchObject({ state: "running", error: null });
    // Half of what is on its way would stay.
    const array = `/v1/arrays/${archive.serial}`;
    const refused = await ask<{ error: { message: string } }>(`${server.url}${array}`, {
      method: "DELETE",
    });
    expect(refused.status).toBe(400);
    expect(refused.body.error.message).toContain(`is being loaded by job ${id}`);
    expect(await bench.held(archive.serial)).toBe(archive.samples);
    // Made anew after a crash, the container has another name, and the lock is still there.
    await server.close();
    await writeFile(lock, ELSEWHERE);
    server = await bench.start();
    expect(await finished(server, id)).toMatchObject({ state: "done", error: null });
    expect(await bench.held(archive.serial)).toBe(2 * archive.samples);
    expect((await fetch(`${server.url}${array}`, { method: "DELETE" })).status).toBe(204);
    expect(await bench.held(archive.serial)).toBe(0);
  });
});
