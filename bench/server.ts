// The storage server: from a click to the first chart of 8,000 series, and its memory while it takes 2 GB.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { generateArchive, writeZip } from "@millrace/ingest/testing";
import { startVictoriaMetrics } from "@millrace/vm-sink/server";
import { chromium } from "playwright-core";
import { ZipFile } from "yazl";
import { median } from "./median.ts";

const { values: flags } = parseArgs({
  options: {
    runs: { type: "string", default: "7" },
    gigabytes: { type: "string", default: "2" },
    browser: { type: "string", default: "/usr/bin/chromium" },
  },
});
const MAIN = fileURLToPath(new URL("../examples/full-server/dist/main.js", import.meta.url));
const PIECE_BYTES = 64 * 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), "millrace-bench-server-"));
const server = await startServer();
try {
  const archive = join(folder, "day.zip");
  const made = generateArchive({ profile: "dorado6000", targetSamples: 1.5e6 });
  await writeZip(made, archive);
  await finish(await upload(archive));
  const [array] = (await ask("/v1/arrays")).arrays as { serial: string; series: number }[];
  await firstChart(array?.serial ?? "", array?.series ?? 0);
  await largeUpload(archive, Number(flags.gigabytes) * 1e9);
} finally {
  await server.stop();
  rmSync(folder, { recursive: true });
}

/** From the click on Charts in the list of arrays until lines are drawn. */
async function firstChart(serial: string, series: number): Promise<void> {
  if (!existsSync(flags.browser)) {
    console.log(`first chart: not measured, there is no browser at ${flags.browser}`);
    return;
  }
  const args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"];
  const browser = await chromium.launch({ executablePath: flags.browser, args });
  const times: number[] = [];
  for (let run = 0; run < Number(flags.runs); run++) {
    // A context of its own has no cache: every run loads the page anew.
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(server.url, { waitUntil: "networkidle" });
    const startedMs = performance.now();
    await page.locator("tr", { hasText: serial }).getByRole("link", { name: "Charts" }).click();
    await page.locator(".u-over").waitFor();
    // The figures come with the lines.
    await page.locator("table tbody tr").nth(1).waitFor();
    times.push(performance.now() - startedMs);
    await context.close();
  }
  await browser.close();
  console.log(
    `first chart: ${Math.round(median(times))} ms from the click, median of ${times.length} (${times.map(Math.round).join(" ")}); ${series} series in the array`,
  );
}

/** An archive that is mostly something else: a stored member of another kind, and a zip with the samples. */
async function largeUpload(archive: string, bytes: number): Promise<void> {
  const path = join(folder, "large.zip");
  const zip = new ZipFile();
  zip.addReadStream(Readable.from(fillers(bytes)), "notes.bin", { compress: false });
  zip.addFile(archive, "day.zip", { compress: false });
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(path));
  const before = server.peakBytes();
  const startedMs = performance.now();
  const id = await upload(path);
  const seconds = (performance.now() - startedMs) / 1000;
  await finish(id);
  const { size } = await stat(path);
  console.log(
    `upload of ${(size / 1e9).toFixed(2)} GB: ${(size / 1e6 / seconds).toFixed(0)} MB/s; peak memory of the server ${(before / 1e6).toFixed(0)} MB before it, ${(server.peakBytes() / 1e6).toFixed(0)} MB after its load`,
  );
}

function* fillers(bytes: number): Generator<Buffer> {
  const piece = Buffer.alloc(1024 * 1024, "millrace");
  for (let size = 0; size < bytes; size += piece.length) yield piece;
}

/** By tus, in pieces; resolves to the id of the job. */
async function upload(path: string): Promise<string> {
  const { size } = await stat(path);
  const created = await fetch(`${server.url}/v1/uploads`, {
    method: "POST",
    headers: {
      "tus-resumable": "1.0.0",
      "upload-length": String(size),
      "upload-metadata": `filename ${Buffer.from("archive.zip").toString("base64")}`,
    },
  });
  if (created.status !== 201) throw new Error(`${created.status}: ${await created.text()}`);
  const location = new URL(created.headers.get("location") ?? "", server.url).href;
  for (let offset = 0; offset < size; offset += PIECE_BYTES) {
    const sent = await fetch(location, {
      method: "PATCH",
      headers: {
        "tus-resumable": "1.0.0",
        "upload-offset": String(offset),
        "content-type": "application/offset+octet-stream",
      },
      body: createReadStream(path, { start: offset, end: offset + PIECE_BYTES - 1 }),
      duplex: "half",
    } as RequestInit);
    if (sent.status !== 204) throw new Error(`${sent.status}: ${await sent.text()}`);
  }
  return location.slice(location.lastIndexOf("/") + 1);
}

async function finish(id: string): Promise<void> {
  for (;;) {
    const { state, error } = await ask(`/v1/jobs/${id}`);
    if (state === "done") return;
    if (state === "failed") throw new Error(JSON.stringify(error));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function ask(path: string): Promise<Record<string, unknown>> {
  return (await (await fetch(`${server.url}${path}`)).json()) as Record<string, unknown>;
}

async function startServer() {
  const database = await startVictoriaMetrics();
  mkdirSync(join(folder, "data"));
  const child = spawn(process.execPath, [MAIN], {
    env: {
      ...process.env,
      MILLRACE_PORT: "0",
      MILLRACE_DATA_FOLDER: join(folder, "data"),
      MILLRACE_VM_URL: database.url,
      MILLRACE_LOG_LEVEL: "warn",
    },
    stdio: ["ignore", "inherit", "pipe"],
  });
  const [line] = (await once(child.stderr, "data")) as [Buffer];
  const url = /http:\S+/.exec(String(line))?.[0];
  if (url === undefined) throw new Error(`The server did not start: ${line}`);
  return {
    url,
    /** Most memory that the process ever had, from Linux. */
    peakBytes(): number {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
    },
    async stop(): Promise<void> {
      child.kill("SIGTERM");
      await once(child, "exit");
      await database.stop();
    },
  };
}
