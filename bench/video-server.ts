// Videos over HTTP: the scenarios of the performance script of the GPU video API, against a server in a process of its
// own. Writes performance_results.json beside the root's package.json and prints medians.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openAsBlob, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { colourDetectorModel } from "@millrace/inference/testing";
import { frameMeasures } from "./frame-measures.ts";
import { median } from "./median.ts";
import { tableRow } from "./table-row.ts";

const { values: flags } = parseArgs({
  options: {
    clip: { type: "string" },
    model: { type: "string" },
    size: { type: "string", default: "1280x720" },
    seconds: { type: "string", default: "10" },
    output: { type: "string" },
  },
});

/** What one scenario came to. */
interface Scenario {
  readonly name: string;
  readonly requests: number;
  /** As the client saw them. */
  readonly medianMs: number;
  readonly worstMs: number;
  readonly framesPerSecond: number;
  /** Frames in the cache, and as `Server-Timing` said, in the median. */
  readonly server: Readonly<Record<string, number>>;
}

const MAIN = fileURLToPath(new URL("../examples/full-server/src/main.ts", import.meta.url));
const OUTPUT =
  flags.output ?? fileURLToPath(new URL("../performance_results.json", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "millrace-bench-video-"));
const results: Scenario[] = [];
const server = await startServer();
try {
  const clip = flags.clip ?? makeClip();
  const seconds = await uploadClip(clip);
  await frames("50 frames, evenly spaced", spaced(50, seconds), "");
  await frames("20 frames with inference", spaced(20, seconds, 0.37), "&inference=true");
  for (const size of [1, 4, 8, 16]) await batch(size, seconds);
  await parallel(10, seconds);
  await sameTwice(seconds);
  const stats = await ask("/api/gpu/stats");
  print();
  writeFileSync(
    OUTPUT,
    `${JSON.stringify({ machine: server.machine, results, stats }, null, 2)}\n`,
  );
  console.log(`\nwritten: ${OUTPUT}`);
} finally {
  await server.stop();
  rmSync(folder, { recursive: true });
}

function makeClip(): string {
  const path = join(folder, "clip.mp4");
  const source = `testsrc2=s=${flags.size}:r=30:d=${flags.seconds}`;
  execFileSync("ffmpeg", [
    ...["-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", source],
    ...[
      "-c:v",
      "libx264",
      "-preset",
      "veryfast",
      "-pix_fmt",
      "yuv420p",
      "-g",
      "60",
      "-bf",
      "2",
      path,
    ],
  ]);
  return path;
}

async function uploadClip(path: string): Promise<number> {
  const form = new FormData();
  form.set("id", "bench");
  form.set("file", await openAsBlob(path), "clip.mp4");
  const startedMs = performance.now();
  const answer = await fetch(`${server.url}/api/gpu/video/upload`, { method: "POST", body: form });
  const body = (await answer.json()) as { duration: number; index_time: string; status?: string };
  if (body.status !== "success") throw new Error(`The upload failed: ${JSON.stringify(body)}`);
  const ms = performance.now() - startedMs;
  keep("upload and index", [ms], ms, { index: Number.parseFloat(body.index_time) * 1000 });
  return body.duration;
}

async function frames(name: string, times: readonly number[], more: string): Promise<void> {
  const seen = frameMeasures(server.url);
  const startedMs = performance.now();
  for (const t of times) await seen.frame(t, more);
  keep(name, seen.ms, performance.now() - startedMs, seen.told());
}

async function batch(size: number, seconds: number): Promise<void> {
  const ms: number[] = [];
  const rounds = 3;
  const startedMs = performance.now();
  for (let round = 0; round < rounds; round++) {
    // Frames that nobody has asked for yet.
    const times = spaced(size, seconds, 0.011 + 0.067 * round + 0.003 * size);
    const before = performance.now();
    const answer = await ask("/api/gpu/video/bench/batch_inference", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(times),
    });
    if (answer["processed_frames"] !== size) throw new Error(JSON.stringify(answer));
    ms.push(performance.now() - before);
  }
  keep(`batch of ${size}`, ms, (performance.now() - startedMs) / size, {});
}

async function parallel(count: number, seconds: number): Promise<void> {
  const seen = frameMeasures(server.url);
  const startedMs = performance.now();
  // The same disorder each time: steps of the golden ratio.
  const times = Array.from({ length: count }, (_, at) => ((at * 0.618034 + 0.1) % 1) * seconds);
  await Promise.all(times.map((t) => seen.frame(t, "")));
  keep(`${count} frames at once, at random`, seen.ms, performance.now() - startedMs, seen.told());
}

async function sameTwice(seconds: number): Promise<void> {
  const misses = frameMeasures(server.url);
  const hits = frameMeasures(server.url);
  for (const t of spaced(9, seconds, 0.71)) {
    if ((await misses.frame(t, "")) === "HIT") misses.dropLast();
    await hits.frame(t, "");
  }
  keep("the same frame: miss", misses.ms, sum(misses.ms), misses.told());
  keep("the same frame: hit", hits.ms, sum(hits.ms), hits.told());
}

function spaced(count: number, seconds: number, offset = 0): readonly number[] {
  return Array.from({ length: count }, (_, at) => ((at + 0.5) / count + offset / seconds) % 1).map(
    (share) => share * seconds * 0.999,
  );
}

function keep(
  name: string,
  ms: readonly number[],
  totalMs: number,
  spans: Readonly<Record<string, number>>,
): void {
  results.push({
    name,
    requests: ms.length,
    medianMs: rounded(median(ms)),
    worstMs: rounded(Math.max(...ms)),
    framesPerSecond: rounded((ms.length / totalMs) * 1000),
    server: Object.fromEntries(Object.entries(spans).map(([key, value]) => [key, rounded(value)])),
  });
}

function print(): void {
  const widths = [30, 9, 10, 10, 10];
  console.log(tableRow(["scenario", "requests", "median ms", "worst ms", "frames/s"], widths));
  for (const { name, requests, medianMs, worstMs, framesPerSecond, server: spans } of results) {
    const cells = [requests, medianMs, worstMs, framesPerSecond].map(String);
    const told = Object.entries(spans).map(([key, value]) => `${key} ${value}`);
    console.log(`${tableRow([name, ...cells], widths)}  ${told.join(", ")}`);
  }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

async function ask(path: string, init?: RequestInit): Promise<Record<string, unknown>> {
  const answer = await fetch(`${server.url}${path}`, init);
  return (await answer.json()) as Record<string, unknown>;
}

async function startServer() {
  const [width = 0, height = 0] = flags.size.split("x").map(Number);
  const model = flags.model ?? join(folder, "colours.onnx");
  if (flags.model === undefined) {
    const up = (pixels: number): number => Math.ceil(pixels / 2 / 32) * 32;
    writeFileSync(model, colourDetectorModel({ width: up(width), height: up(height), cell: 32 }));
  }
  const child = spawn(process.execPath, ["--conditions=@millrace/source", MAIN], {
    env: {
      ...process.env,
      MILLRACE_PORT: "0",
      MILLRACE_DATA_FOLDER: join(folder, "data"),
      MILLRACE_RATE_LIMIT: "1000000",
      MILLRACE_LOG_LEVEL: "warn",
      MILLRACE_VIDEO_MODEL: model,
    },
    stdio: ["ignore", "inherit", "pipe"],
  });
  const exit = once(child, "exit");
  const url = await new Promise<string>((resolve, reject) => {
    let said = "";
    child.stderr.on("data", (piece: Buffer) => {
      said += piece;
      const found = /millrace: (http:\S+)/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once("exit", () => reject(new Error(`The server ended: ${said}`)));
  });
  return {
    url,
    machine: { node: process.version, platform: process.platform, arch: process.arch },
    async stop() {
      child.kill("SIGTERM");
      await exit;
    },
  };
}
