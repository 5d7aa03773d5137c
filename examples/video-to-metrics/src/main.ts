// Counts the red squares of a clip and what crosses its middle, sends the counts to VictoriaMetrics, reads them back.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "@millrace/core";
import { onnx } from "@millrace/inference/onnx";
import { nodeAv } from "@millrace/media/node-av";
import { openVideo } from "@millrace/video-index";
import { count, detectionSeries, runTask } from "@millrace/video-index/tasks";
import { victoriaMetrics } from "@millrace/vm-sink";
import { startVictoriaMetrics } from "@millrace/vm-sink/server";
import { CLIP, makeClip, SQUARE_PIXELS } from "./make-clip.ts";
import { readCounts } from "./read-counts.ts";
import { squareModel } from "./square-model.ts";

await using cleanUp = new AsyncDisposableStack();
const folder = await mkdtemp(join(tmpdir(), "video-to-metrics-"));
cleanUp.defer(() => rm(folder, { recursive: true }));
const clip = join(folder, "squares.mp4");
await makeClip(clip);

const media = cleanUp.use(nodeAv());
const video = cleanUp.use(await openVideo(clip, { decoder: media.decoder }));
// 256 is the next multiple of 32; the letterbox fills the rest. A model of your own: `load("yolo11n.onnx")`.
const model = squareModel({ width: CLIP.width, height: 256, square: SQUARE_PIXELS });
const session = cleanUp.use(await onnx().load(model));
console.log(`${video.info.frameCount} frames, counted on ${session.device.runtime}`);

const middle = { x: CLIP.width / 2 };
const task = count({
  detect: { minScore: 0.3, maxOverlap: 0.1 },
  tracker: { highScore: 0.4, newScore: 0.5 },
  // From the bottom up, so that who goes to the right goes in.
  lines: [{ name: "middle", from: { ...middle, y: CLIP.height }, to: { ...middle, y: 0 } }],
});
const url =
  process.env["MILLRACE_VM_URL"] ??
  cleanUp.use(await startVictoriaMetrics({ path: process.env["PATH"] ?? "" })).url;
const source = detectionSeries({
  items: (signal) => runTask(video, session, task, { scaler: media.scaler, batchSize: 8, signal }),
  video: "squares.mp4",
  startMs: Date.now() - 60_000,
});
const { samples } = await pipeline(source).to(victoriaMetrics({ url })).result;
console.log(`${samples} samples into ${url}\n`);

for (const { metric, values } of await readCounts(url, "squares.mp4")) {
  const { __name__: name, video: _, ...labels } = metric;
  const text = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  console.log(
    `${`${name} ${text.join(" ")}`.padEnd(66)} ${values.length} samples, at last ${values.at(-1)}`,
  );
}
