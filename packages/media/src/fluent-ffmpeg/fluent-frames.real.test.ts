import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
// @ts-expect-error the package has no types
import package_ from "fluent-ffmpeg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checksum, clipChecksums } from "../testing/clip.ts";
import { DECODER_CLIPS, makeClip } from "../testing/decoder-clips.ts";
import { expectNoOpenFrames } from "../testing/expect-no-open-frames.ts";
import { missingProgram } from "../testing/missing-program.ts";
import type { FluentCommand } from "./fluent-command.ts";
import { fluentFrames } from "./fluent-frames.ts";

const fluent = package_ as (path: string) => FluentCommand & { size(size: string): FluentCommand };

let folder: string;
let path: string;
const missing = missingProgram("ffmpeg");

beforeAll(async () => {
  if (missing) return;
  folder = await mkdtemp(join(tmpdir(), "millrace-fluent-"));
  const [recipe] = DECODER_CLIPS;
  if (!recipe) throw new Error("no clip");
  path = await makeClip(folder, recipe);
});
afterAll(async () => {
  if (folder) await rm(folder, { recursive: true });
});

test.skipIf(missing !== "")(
  `frames are those of the file, with their times${missing}`,
  async () => {
    const sums: string[] = [];
    const times: number[] = [];
    let sizeBytes = 0;
    for await (const frame of fluentFrames(fluent(path), { highWaterMark: 2 })) {
      sums.push(checksum(frame.data));
      times.push(frame.timestamp);
      sizeBytes = frame.data.length;
      frame.close();
    }
    expect(sums).toEqual(await clipChecksums(path, "yuv420p", sizeBytes));
    expect(times).toEqual(Array.from({ length: 30 }, (_, index) => Math.round((index * 1e6) / 30)));
    expectNoOpenFrames();
  },
);

test.skipIf(missing !== "")(
  `filters of the command come first; size() is refused${missing}`,
  async () => {
    const scaled = fluent(path);
    scaled.videoFilters(["scale=96:64"]);
    for await (const frame of fluentFrames(scaled)) {
      expect([frame.codedWidth, frame.codedHeight]).toEqual([96, 64]);
      frame.close();
    }
    const read = async (): Promise<void> => {
      for await (const frame of fluentFrames(fluent(path).size("100x64"))) frame.close();
    };
    await expect(read()).rejects.toMatchObject({ code: "INVALID_OPTION" });
  },
);

test.skipIf(missing !== "")(
  `leaving ends the command, and so does an abort${missing}`,
  async () => {
    for await (const frame of fluentFrames(fluent(path))) {
      frame.close();
      break;
    }
    const reason = new Error("enough");
    const controller = new AbortController();
    const frames = fluentFrames(fluent(path), { signal: controller.signal });
    (await frames.next()).value?.close();
    controller.abort(reason);
    await expect(frames.next()).rejects.toBe(reason);
    expectNoOpenFrames();
  },
);

test.skipIf(missing !== "")(`a command that fails is REMOTE_FAILED${missing}`, async () => {
  const frames = fluentFrames(fluent(join(folder, "none.mp4")));
  await expect(frames.next()).rejects.toMatchObject({ code: "REMOTE_FAILED" });
});
