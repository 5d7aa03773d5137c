// A real clip, decoded by FFmpeg, scaled by swscale: what is found lies where it was drawn, and nothing is drawn into
// the cache.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFrameCount } from "@millrace/media";
import { nodeAv } from "@millrace/media/node-av";
import { afterAll, describe, expect, it } from "vitest";
import { openVideo } from "../../open-video.ts";
import { frameCanvas } from "../draw/canvas.ts";
import { redSession } from "../testing/red-session.ts";
import { track } from "../track/track.ts";
import { runTask } from "./run-task.ts";

const missing = spawnSync("ffmpeg", ["-version"]).status !== 0;
if (missing) process.stdout.write("skipped in run-task: ffmpeg is not installed\n");

const FRAMES = 50;
const SIDE = 32;
const folder = mkdtempSync(join(tmpdir(), "run-task-"));
const clip = join(folder, "square.mp4");
const driver = nodeAv({ workers: 1 });
afterAll(async () => {
  await driver.close();
  rmSync(folder, { recursive: true });
});

/** A red square over grey that goes to the right by four pixels a frame. */
if (!missing) {
  const lavfi = (source: string) => ["-f", "lavfi", "-i", `${source}:rate=25:duration=2`];
  execFileSync("ffmpeg", [
    ...[
      "-v",
      "error",
      "-y",
      ...lavfi("color=gray:size=320x180"),
      ...lavfi(`color=red:size=${SIDE}x${SIDE}`),
    ],
    ...["-filter_complex", "[0:v][1:v]overlay=x='20+100*t':y=60", "-c:v", "libx264", "-qp", "4"],
    ...["-pix_fmt", "yuv420p", clip],
  ]);
}

describe.skipIf(missing)("runTask over a real clip", () => {
  const task = track();

  it.each([1, 8])(
    "finds the square in every frame, letterboxed, in batches of %i",
    async (batchSize) => {
      await using video = await openVideo(clip, { decoder: driver.decoder });
      // Twice the size of the clip, so that there is a scale to undo, and padding above and below.
      const session = redSession({ width: 640, height: 384 });
      let index = 0;
      for await (const item of runTask(video, session, task, {
        scaler: driver.scaler,
        batchSize,
      })) {
        if (item.status === "error") throw item.error;
        expect(item).toMatchObject({ index, time: index / 25 });
        expect([...item.result.trackIds]).toEqual([1]);
        const x = 20 + 4 * index;
        const expected = [x, 60, x + SIDE, 60 + SIDE];
        item.result.boxes.forEach((value, i) => {
          expect(Math.abs(value - (expected[i] as number))).toBeLessThanOrEqual(1);
        });
        index += 1;
      }
      expect(index).toBe(FRAMES);
      // Those that the cache holds, and no other.
      expect(openFrameCount()).toBe(FRAMES);
    },
  );

  it("leaves the cached frames bit-identical when results are drawn", async () => {
    {
      await using video = await openVideo(clip, { decoder: driver.decoder });
      const session = redSession({ width: 320, height: 192 });
      const before: Uint8Array[] = [];
      for await (const raw of video.frames()) {
        using owned = raw;
        before.push(owned.frame?.data.slice() ?? new Uint8Array());
      }
      const options = { scaler: driver.scaler, batchSize: 4, keepFrames: true };
      for await (const item of runTask(video, session, task, options)) {
        using frame = item.frame;
        if (frame === undefined || item.status === "error")
          throw new Error("Every frame is sound.");
        const canvas = frameCanvas(frame);
        task.draw?.(canvas, item.result);
        using drawn = canvas.toFrame();
        expect(Buffer.compare(drawn.data, frame.data)).not.toBe(0);
      }
      for (let index = 0; index < FRAMES; index++) {
        using raw = await video.frameAt(index);
        expect(raw.source).toBe("cache");
        expect(
          Buffer.compare(raw.frame?.data ?? new Uint8Array(), before[index] as Uint8Array),
        ).toBe(0);
      }
    }
    expect(openFrameCount()).toBe(0);
  });
});
