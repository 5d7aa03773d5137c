// What decoding, scaling and encoding cost: node-av in a worker against the command ffmpeg and plain TypeScript.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  type FrameScaler,
  type ImageEncoder,
  scalarScaler,
  type VideoDecoderBackend,
  type VideoFrame,
} from "@millrace/media";
import { ffmpeg } from "@millrace/media/ffmpeg";
import { jpegTurbo } from "@millrace/media/jpeg-turbo";
import { nodeAv } from "@millrace/media/node-av";
import { sharpImages } from "@millrace/media/sharp";
import { type Clip, readClip } from "@millrace/media/testing";
import { median } from "./median.ts";

const { values: flags } = parseArgs({ options: { runs: { type: "string", default: "5" } } });
const runs = Number(flags.runs);
const folder = mkdtempSync(join(tmpdir(), "millrace-bench-media-"));
const path = join(folder, "clip.mp4");
await using video = nodeAv({ workers: 1 });
try {
  await main();
} finally {
  rmSync(folder, { recursive: true });
}

async function main(): Promise<void> {
  const [cpu] = cpus();
  console.log(
    `${cpus().length} x ${cpu?.model}, Node ${process.versions.node}; medians of ${runs}`,
  );
  execFileSync("ffmpeg", [
    ..."-nostdin -v error -y -f lavfi -i testsrc2=size=1920x1080:rate=30 -vf noise=alls=8:allf=t,format=yuv420p".split(
      " ",
    ),
    ..."-t 2 -c:v libx264 -preset veryfast -g 60 -bf 2 -b:v 6M".split(" "),
    path,
  ]);
  const clip = await readClip(path);
  console.log(`1080p H.264, ${clip.chunks.length} frames, one thread each`);
  for (const backend of [video.decoder, ffmpeg().decoder]) {
    await line(
      `${backend.name}: decode all, keep one`,
      () => decode(backend, clip, [30]),
      clip.chunks.length,
    );
    await line(
      `${backend.name}: decode all, keep all`,
      () => decode(backend, clip),
      clip.chunks.length,
    );
  }
  const command = `-nostdin -v error -threads 1 -i ${path} -f null -`.split(" ");
  await line(
    "the command alone, reading the file",
    async () => execFileSync("ffmpeg", command),
    clip.chunks.length,
  );

  const frame = await oneFrame(clip);
  const target = new Float32Array(new SharedArrayBuffer(3 * 640 * 640 * 4));
  for (const scaler of [video.scaler, scalarScaler()] as FrameScaler[]) {
    await line(`${scaler.name}: tensor of 640 × 640`, () =>
      scaler.tensor(frame, { width: 640, height: 640, target }),
    );
    await line(`${scaler.name}: RGB of 1280 × 720`, async () =>
      (await scaler.scale(frame, { format: "RGB", width: 1280, height: 720 })).close(),
    );
  }
  const { scaler } = video;
  for (const images of [jpegTurbo({ scaler }), sharpImages({ scaler })] as ImageEncoder[]) {
    await line(`${images.name}: JPEG of 1080p, quality 85`, () => images.encode(frame));
  }
  frame.close();
}

async function decode(backend: VideoDecoderBackend, clip: Clip, keep?: number[]): Promise<void> {
  await using decoder = await backend.open(clip.config, { timeBase: clip.timeBase });
  const options = { end: true, ...(keep && { keep }) };
  for (const { frame } of (await decoder.decode(clip.chunks, options)).frames) frame.close();
}

async function oneFrame(clip: Clip): Promise<VideoFrame> {
  await using decoder = await video.decoder.open(clip.config, { timeBase: clip.timeBase });
  const { frames } = await decoder.decode(clip.chunks, { keep: [30], end: true });
  const [first] = frames;
  if (!first) throw new Error("no frame");
  return first.frame;
}

/** Prints the median time of a call, and of each of the frames in it. */
async function line(name: string, call: () => Promise<unknown>, frames: number = 1): Promise<void> {
  await call();
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  const ms = median(times);
  const rate = frames > 1 ? `, ${Math.round((frames / ms) * 1000)} frames/s` : "";
  console.log(`${name.padEnd(42)} ${ms.toFixed(2).padStart(8)} ms${rate}`);
}
