// Exact frames against PyAV and OpenCV, opening against ffprobe, and what a cache, a tensor and a batch cost.

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { tensor } from "@millrace/inference";
import { onnx } from "@millrace/inference/onnx";
import { colourDetectorModel } from "@millrace/inference/testing";
import { nodeAv } from "@millrace/media/node-av";
import { createVideoLibrary, openVideo } from "@millrace/video-index";
import { SWS_FAST_BILINEAR } from "node-av/constants";
import { avGetPixFmtFromName, SoftwareScaleContext } from "node-av/lib";
import { median } from "./median.ts";
import { benchClip } from "./video-clips.ts";

const run = promisify(execFile);
const PARTS = ["access", "opening", "batches", "hits", "tensors", "inference"];
const { values: flags } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    frames: { type: "string", default: "20" },
    only: { type: "string", default: PARTS.join() },
  },
});
const only = new Set(flags.only.split(","));
for (const part of only) {
  if (!PARTS.includes(part)) throw new Error(`--only ${part}: there are ${PARTS.join(", ")}.`);
}
const runs = Number(flags.runs);
const frameCount = Number(flags.frames);
const SECONDS = 20;
/** Groups of pictures, and the frames asked for: in the last, as by one who looks about in a scene. */
const PLACES = [
  { group: 12, from: 0, to: SECONDS * 30 },
  { group: 60, from: 0, to: SECONDS * 30 },
  { group: 250, from: 0, to: SECONDS * 30 },
  { group: 250, from: 250, to: 500 },
];
/** Like for like with the peers, and then as many decoders as a library has where nobody says otherwise. */
const SETUPS = [
  { threads: 1, decoders: 1 },
  { threads: 2, decoders: 1 },
  { threads: 2, decoders: 4 },
];
const PYTHON = "/usr/bin/python3";

const peersMissing = new Set<string>();

await using av = nodeAv();
const [cpu] = cpus();
console.log(
  `${cpus().length} x ${cpu?.model}, Node ${process.versions.node}; medians of ${runs} runs, one after another in turn`,
);
if (only.has("access")) await randomAccess();
if (peersMissing.size > 0) {
  console.log(`Rows without a number: apt-get install ${[...peersMissing].join(" ")}`);
}
if (only.has("opening")) await opening();
if (only.has("batches")) await batches();
if (only.has("hits")) await hits();
if (only.has("tensors")) await tensors();
if (only.has("inference")) await inference();

/** Milliseconds a frame in the mean, of each peer, run by run. */
async function randomAccess(): Promise<void> {
  console.log(`\nexact random access, 1280x720 H.264, ${frameCount} frames a run, ms a frame`);
  console.log(
    "group  frames threads decoders   millrace       PyAV     OpenCV   to PyAV  to OpenCV  decoded a frame",
  );
  for (const { group, from, to } of PLACES) {
    const path = await benchClip({ width: 1280, height: 720, seconds: SECONDS, group });
    for (const { threads, decoders } of SETUPS) {
      const took = { millrace: [] as number[], pyav: [] as number[], opencv: [] as number[] };
      let decoded = 0;
      for (let at = 0; at < runs; at++) {
        const frames = randomFrames(at + 1, to - from, frameCount).map((frame) => from + frame);
        const ours = await ourFrames(path, { threads, decoders }, frames);
        took.millrace.push(ours.meanMs);
        decoded = ours.decoded / frames.length;
        for (const peer of ["pyav", "opencv"] as const) {
          const meanMs = await peerFrames(peer, path, threads, frames);
          if (meanMs !== undefined) took[peer].push(meanMs);
        }
      }
      const [ours, pyav, opencv] = [took.millrace, took.pyav, took.opencv].map(median) as [
        number,
        number,
        number,
      ];
      const ratio = (peer: readonly number[]): number =>
        median(peer.map((ms, at) => (took.millrace[at] as number) / ms));
      console.log(
        [
          String(group).padStart(5),
          `${from}-${to}`.padStart(7),
          String(threads).padStart(7),
          String(decoders).padStart(8),
          ...[ours, pyav, opencv].map((ms) => ms.toFixed(1).padStart(10)),
          ...[ratio(took.pyav), ratio(took.opencv)].map((value) => value.toFixed(2).padStart(9)),
          decoded.toFixed(1).padStart(16),
        ].join(" "),
      );
    }
  }
}

async function ourFrames(
  path: string,
  setup: { readonly threads: number; readonly decoders: number },
  frames: readonly number[],
) {
  await using video = await openVideo(path, { decoder: av.decoder, cacheBytes: 0, ...setup });
  // Opens the decoder, as the peers have opened theirs.
  {
    using _ = await video.frameAt(0);
  }
  const before = video.stats.decodedPackets;
  const startedMs = performance.now();
  for (const frame of frames) {
    using _ = await video.frameAt(frame);
  }
  const meanMs = (performance.now() - startedMs) / frames.length;
  return { meanMs, decoded: video.stats.decodedPackets - before };
}

async function peerFrames(
  peer: "pyav" | "opencv",
  path: string,
  threads: number,
  frames: readonly number[],
): Promise<number | undefined> {
  const script = join(import.meta.dirname, "peers/frames.py");
  try {
    const words = [script, peer, path, String(threads), ...frames.map(String)];
    const { stdout } = await run(PYTHON, words, { timeout: 120_000 });
    const took: number[] = JSON.parse(stdout);
    return took.reduce((sum, ms) => sum + ms, 0) / took.length;
  } catch (error) {
    const missing = /No module named '(\w+)'/.exec(String(error))?.[1];
    if (missing === undefined) throw error;
    peersMissing.add(missing === "av" ? "python3-av" : "python3-opencv");
    return undefined;
  }
}

async function opening(): Promise<void> {
  const path = await benchClip({ width: 320, height: 180, seconds: 600, group: 60 });
  const folder = await mkdtemp(join(tmpdir(), "millrace-bench-index-"));
  const took = { cold: [] as number[], warm: [] as number[], ffprobe: [] as number[] };
  for (let at = 0; at < runs; at++) {
    took.cold.push(
      await timed(async () => (await openVideo(path, { decoder: av.decoder })).close()),
    );
    const kept = { decoder: av.decoder, indexFolder: folder };
    await (await openVideo(path, kept)).close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    took.warm.push(await timed(async () => (await openVideo(path, kept)).close()));
    const words = "-v error -select_streams v:0 -show_packets -of csv=p=0".split(" ");
    took.ffprobe.push(await timed(() => run("ffprobe", [...words, path], { maxBuffer: 2 ** 28 })));
  }
  await rm(folder, { recursive: true });
  const ratio = median(took.cold.map((ms, at) => ms / (took.ffprobe[at] as number)));
  console.log(
    `\nopening 18,000 frames of MP4: cold ${median(took.cold).toFixed(1)} ms, from a kept index ${median(took.warm).toFixed(1)} ms, ffprobe -show_packets ${median(took.ffprobe).toFixed(0)} ms; cold to ffprobe ${ratio.toFixed(3)}`,
  );
}

async function batches(): Promise<void> {
  const path = await benchClip({ width: 1280, height: 720, seconds: SECONDS, group: 60 });
  const ratios: number[] = [];
  for (let at = 0; at < runs; at++) {
    await using video = await openVideo(path, { decoder: av.decoder, cacheBytes: 0 });
    const frames = randomFrames(at + 100, SECONDS * 30, 64);
    const results = await video.framesAt(frames);
    for (const result of results) result[Symbol.dispose]();
    // From each key frame to the last frame wanted behind it, in the order of decoding.
    const { keys, packetOf } = video.index;
    const needed = new Set<number>();
    for (const frame of frames) {
      const packet = packetOf[frame] as number;
      const key = [...keys].filter((it) => it <= packet).at(-1) ?? 0;
      for (let it = key; it <= packet; it++) needed.add(it);
    }
    ratios.push(video.stats.decodedPackets / needed.size);
  }
  console.log(
    `\na batch of 64 frames in any order: ${median(ratios).toFixed(3)} times the packets from each key frame to the last one wanted`,
  );
}

async function hits(): Promise<void> {
  const path = await benchClip({ width: 1280, height: 720, seconds: SECONDS, group: 60 });
  await using library = createVideoLibrary();
  await using video = await library.open(path);
  const took: Record<string, number[]> = { frame: [], jpeg: [] };
  {
    using _ = await video.frameAt(100);
    await video.frameAt(100, { as: "jpeg" });
  }
  for (let at = 0; at < runs * 200; at++) {
    took["frame"]?.push(
      await timed(async () => {
        using _ = await video.frameAt(100);
      }),
    );
    took["jpeg"]?.push(await timed(() => video.frameAt(100, { as: "jpeg" })));
  }
  console.log(
    `\ncache hit, 720p: ${median(took["frame"] ?? []).toFixed(4)} ms a frame, ${median(took["jpeg"] ?? []).toFixed(4)} ms a JPEG`,
  );
}

async function tensors(): Promise<void> {
  const path = await benchClip({ width: 1920, height: 1080, seconds: 2, group: 60 });
  await using video = await openVideo(path, { decoder: av.decoder });
  using picture = await video.frameAt(30);
  if (picture.frame === undefined) throw new Error("The clip has no frame 30.");
  const target = new Float32Array(new SharedArrayBuffer(3 * 640 * 640 * 4));
  const { frame } = picture;
  const scaleOnly = bareSwscale(frame.data, new Float32Array(target.length));
  const took: number[] = [];
  const bare: number[] = [];
  for (let at = 0; at < runs * 20; at++) {
    took.push(await timed(() => av.scaler.tensor(frame, { width: 640, height: 640, target })));
    bare.push(await timed(async () => scaleOnly()));
  }
  const ratio = median(took.map((ms, at) => ms / (bare[at] as number)));
  console.log(
    `\n1080p to a float32 tensor of 640 x 640, letterboxed: ${median(took).toFixed(2)} ms to the worker and back, swscale alone ${median(bare).toFixed(2)} ms, ratio ${ratio.toFixed(2)}`,
  );
}

/**
 * The floor of a tensor: one call of swscale from the planes of an I420 picture of 1080p into a tensor, by the same
 * filter, with its own idea of the colours, no border, and nobody else's thread.
 */
function bareSwscale(data: Uint8Array, target: Float32Array): () => void {
  const [width, height] = [1920, 1080];
  const context = new SoftwareScaleContext();
  const [from, to] = ["yuv420p", "gbrpf32le"].map((name) => avGetPixFmtFromName(name as never));
  context.getContext(width, height, from as never, 640, 360, to as never, SWS_FAST_BILINEAR);
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
  const luma = width * height;
  const planes = [0, luma, luma * 1.25].map((at) => bytes.subarray(at));
  const into = [1, 2, 0].map((plane) =>
    Buffer.from(
      target.buffer,
      target.byteOffset + (plane * 640 * 640 + 140 * 640) * 4,
      640 * 360 * 4,
    ),
  );
  const strides = { from: [width, width / 2, width / 2], to: into.map(() => 640 * 4) };
  return () => {
    const rows = context.scaleSync(planes, strides.from, 0, height, into, strides.to);
    if (rows !== 360) throw new Error(`swscale made ${rows} rows.`);
  };
}

async function inference(): Promise<void> {
  const size = 320;
  const model = colourDetectorModel({
    width: size,
    height: size,
    cell: 32,
    names: ["red", "green", "blue"],
  });
  await using session = await onnx({ threads: 1 }).load(model, {
    warmUp: [{ batch: 1 }, { batch: 16 }],
  });
  const [input] = session.inputs;
  if (input === undefined) throw new Error("The model has no input.");
  const one = tensor("float32", new Float32Array(3 * size * size), [1, 3, size, size]);
  const many = tensor("float32", new Float32Array(16 * 3 * size * size), [16, 3, size, size]);
  const took = { single: [] as number[], batch: [] as number[] };
  for (let at = 0; at < runs; at++) {
    took.single.push(
      await timed(async () => {
        for (let call = 0; call < 16; call++) await session.run({ [input.name]: one });
      }),
    );
    took.batch.push(await timed(() => session.run({ [input.name]: many })));
  }
  const ratio = median(took.batch.map((ms, at) => ms / (took.single[at] as number)));
  console.log(
    `\nthe test model on 16 frames of ${size} x ${size}: 16 calls ${median(took.single).toFixed(1)} ms, one batch ${median(took.batch).toFixed(1)} ms, ratio ${ratio.toFixed(2)}`,
  );
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

/** Frames that follow from a seed (a linear congruential generator; Numerical Recipes, 7.1). */
function randomFrames(seed: number, below: number, count: number): readonly number[] {
  let state = seed * 2_654_435_761;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  });
}
