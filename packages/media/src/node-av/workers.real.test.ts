import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Clip, checksum } from "../testing/clip.ts";
import { clip, DECODER_CLIPS } from "../testing/decoder-clips.ts";
import { expectNoOpenFrames } from "../testing/expect-no-open-frames.ts";
import { missingProgram } from "../testing/missing-program.ts";
import { testPattern } from "../testing/test-pattern.ts";
import { nodeAv } from "./node-av.ts";

let folder: string;
let source: Clip;

const missing = missingProgram("ffmpeg");

beforeAll(async () => {
  if (missing) return;
  folder = await mkdtemp(join(tmpdir(), "millrace-workers-"));
  const [recipe] = DECODER_CLIPS;
  if (!recipe) throw new Error("no clip");
  source = await clip(folder, recipe);
});
afterAll(async () => {
  if (folder) await rm(folder, { recursive: true });
});

test.skipIf(missing !== "")(
  `a library that cannot be loaded is MISSING_DEPENDENCY, with the command that installs it${missing}`,
  async () => {
    await using video = nodeAv({ workers: 1, lib: pathToFileURL(join(folder, "none.mjs")) });
    await expect(video.decoder.check()).rejects.toMatchObject({
      code: "MISSING_DEPENDENCY",
      message: expect.stringContaining("npm install node-av@"),
    });
  },
);

test.skipIf(missing !== "")(
  `a worker that dies rejects its calls, and the next decoder gets another${missing}`,
  async () => {
    const fatal = join(folder, "fatal.mjs");
    await writeFile(fatal, "export const Log = { setLevel: () => process.exit(3) };");
    await using dying = nodeAv({ workers: 1, lib: pathToFileURL(fatal) });
    for (let round = 0; round < 2; round++) {
      await expect(dying.decoder.check()).rejects.toMatchObject({
        code: "INTERNAL",
        message: expect.stringContaining("status 3"),
      });
    }
  },
);

test.skipIf(missing !== "")(
  `a frame keeps its pixels while it is open, whatever is decoded meanwhile${missing}`,
  async () => {
    await using video = nodeAv({ workers: 1 });
    await using decoder = await video.decoder.open(source.config, { timeBase: source.timeBase });
    const { frames } = await decoder.decode(source.chunks, { end: true });
    const sums = frames.map(({ frame }) => checksum(frame.data));
    const [kept, ...others] = frames;
    const other = kept?.frame.clone();
    kept?.frame.close();
    for (const { frame } of others) frame.close();
    for (let round = 0; round < 3; round++) {
      const again = await decoder.decode(source.chunks, { end: true });
      expect(again.frames.map(({ frame }) => checksum(frame.data))).toEqual(sums);
      for (const { frame } of again.frames) frame.close();
    }
    expect(checksum(other?.data ?? new Uint8Array())).toBe(sums[0]);
    other?.close();
    expectNoOpenFrames();
  },
);

test.skipIf(missing !== "")(`memory comes back to be used again${missing}`, async () => {
  await using video = nodeAv({ workers: 1 });
  await using decoder = await video.decoder.open(source.config, { timeBase: source.timeBase });
  const decode = async () => {
    const { frames } = await decoder.decode(source.chunks, { end: true, keep: [3] });
    const buffer = frames[0]?.frame.data.buffer as SharedArrayBuffer;
    new Uint8Array(buffer)[0] = 1;
    for (const { frame } of frames) frame.close();
    return buffer;
  };
  const first = await decode();
  await decode();
  // The same memory arrives as another object: what is written to one is read from the other.
  const { frames } = await decoder.decode(source.chunks, { end: true, keep: [3] });
  const again = frames[0]?.frame.data.buffer as SharedArrayBuffer;
  new Uint8Array(again)[9] = 77;
  expect(new Uint8Array(first)[9]).toBe(77);
  for (const { frame } of frames) frame.close();
});

test.skipIf(missing !== "")(`chunks may lie in shared memory${missing}`, async () => {
  await using video = nodeAv({ workers: 1 });
  await using decoder = await video.decoder.open(source.config, { timeBase: source.timeBase });
  const chunks = source.chunks.map((chunk) => {
    const data = new Uint8Array(new SharedArrayBuffer(chunk.data.length + 5), 5);
    data.set(chunk.data);
    return { ...chunk, data };
  });
  const { frames } = await decoder.decode(chunks, { end: true, keep: [29] });
  expect(frames).toHaveLength(1);
  for (const { frame } of frames) frame.close();
});

test.skipIf(missing !== "")(
  `after close, calls and new decoders are rejected, and frames stay valid${missing}`,
  async () => {
    const video = nodeAv({ workers: 1 });
    const decoder = await video.decoder.open(source.config, { timeBase: source.timeBase });
    const { frames } = await decoder.decode(source.chunks, { end: true, keep: [1] });
    const waiting = decoder.decode(source.chunks, { end: true });
    const failed = expect(waiting).rejects.toMatchObject({ code: "CLOSED" });
    await video.close();
    await failed;
    expect(frames[0]?.frame.data.length).toBeGreaterThan(0);
    frames[0]?.frame.close();
    await expect(
      video.decoder.open(source.config, { timeBase: source.timeBase }),
    ).rejects.toMatchObject({
      code: "CLOSED",
    });
    await decoder.close();
  },
);

test.skipIf(missing !== "")(`a number of workers that is none is refused${missing}`, () => {
  expect(() => nodeAv({ workers: 0 })).toThrow(/workers is 0/);
});

test("a driver that is closed while it encodes ends in order; closing twice does nothing", async () => {
  for (let round = 0; round < 6; round++) {
    const video = nodeAv({ workers: 1 });
    const shape = { width: 640, height: 360 };
    const encoder = await video.videoEncoder.open({
      ...{ family: "h264", bitrate: 1_000_000 },
      ...shape,
    });
    const frames = [...testPattern({ ...shape, frames: 3 })];
    const [first, second, late] = frames;
    if (!first || !second || !late) throw new Error("no frames");
    const answers = [encoder.encode(first), encoder.encode(second)];
    const outcomes = Promise.allSettled(answers);
    if (round % 2 === 0) await answers[0];
    await Promise.all([video.close(), video.close()]);
    // What was under way may have been answered before; nothing stays without an answer.
    for (const outcome of await outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "CLOSED" });
    }
    await expect(encoder.encode(late)).rejects.toMatchObject({ code: "CLOSED" });
    for (const frame of frames) frame.close();
  }
  expectNoOpenFrames();
});
