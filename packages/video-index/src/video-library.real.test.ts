import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFrameCount } from "@millrace/media";
import { nodeAv } from "@millrace/media/node-av";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ByteSource } from "./bytes/byte-source.ts";
import { fileBytes } from "./bytes/file-bytes.ts";
import { type ClipFolder, makeClips, readBarcode } from "./testing/index.ts";
import type { Video } from "./video.ts";
import { createVideoLibrary } from "./video-library.ts";

const driver = nodeAv({ workers: 2 });
const { decoder } = driver;
let clips: ClipFolder;
let folder: string;
beforeAll(async () => {
  clips = await makeClips(join(tmpdir(), "millrace-clips"));
  folder = await mkdtemp(join(tmpdir(), "millrace-indexes-"));
}, 120_000);
afterEach(() => expect(openFrameCount()).toBe(0));
afterAll(async () => {
  await driver.close();
  await rm(folder, { recursive: true });
});

async function look(video: Video, frame: number): Promise<number | undefined> {
  using one = await video.frameAt(frame);
  return one.frame && readBarcode(one.frame);
}

/** A file, and how many bytes of it were read. */
async function counted(name: string): Promise<{ source: ByteSource; read: () => number }> {
  const file = await fileBytes(clips.pathOf(name));
  let total = 0;
  const read: ByteSource["read"] = async (...args) => {
    const bytes = await file.read(...args);
    total += bytes.length;
    return bytes;
  };
  return { source: { ...file, read }, read: () => total };
}

describe("frames that are asked for one after another", () => {
  it.each([
    ["forwards", 1],
    ["backwards", -1],
    ["every third", 3],
  ])("%s are decoded about once", async (_, step) => {
    await using library = createVideoLibrary({ decoder });
    await using video = await library.open(clips.pathOf("long_gop.mp4"));
    const frames = Array.from({ length: 90 }, (_, at) => (step > 0 ? at * step : 299 - at));
    for (const frame of frames) expect(await look(video, frame)).toBe(frame);
    const { decodedPackets, prefetchedUsed, hits } = video.stats;
    // Once, and the few that came before the pattern was seen; forwards not up to the end.
    expect(decodedPackets).toBeLessThan(step === 1 ? 200 : step === 3 ? 400 : 300 * 4);
    // Others are waited for while they are decoded.
    expect(prefetchedUsed).toBeGreaterThan(10);
    expect(hits).toBeGreaterThanOrEqual(prefetchedUsed);
  });

  it("are not fetched ahead any more when the pattern ends", async () => {
    await using library = createVideoLibrary({ decoder });
    await using video = await library.open(clips.pathOf("cfr_b.mp4"));
    for (const frame of [3, 4, 5, 50, 12, 33]) expect(await look(video, frame)).toBe(frame);
    const { prefetched, prefetchedUsed } = video.stats;
    expect(prefetchedUsed).toBeLessThanOrEqual(prefetched);
    expect(prefetched).toBeLessThanOrEqual(32);
  });
});

describe("thumbnails", () => {
  it("cost the key frames alone", async () => {
    await using library = createVideoLibrary({ decoder });
    await using video = await library.open(clips.pathOf("vfr.mp4"));
    const strip = await video.thumbnails(3, { width: 48 });
    expect(strip.map(({ key, image }) => [key, image?.width])).toEqual([
      [true, 48],
      [true, 48],
      [true, 48],
    ]);
    expect(video.stats.decodedPackets).toBe(3);
  });
});

describe("an index folder", () => {
  it("spares the container, also of a transport stream, and gives the same index", async () => {
    await using library = createVideoLibrary({ decoder, indexFolder: folder });
    const first = await counted("plain.ts");
    await using cold = await library.open(first.source);
    expect(await look(cold, 40)).toBe(40);
    const kept = await until(() => readdir(folder));
    const second = await counted("plain.ts");
    const opened = second.read();
    await using warm = await library.open(second.source);
    // The fingerprint alone: the first 256 KiB, which is all of this clip.
    expect(second.read() - opened).toBeLessThan(60_000);
    expect(warm.index.packetOf).toEqual(cold.index.packetOf);
    expect(warm.info).toEqual({ ...cold.info, name: warm.info.name });
    expect(await look(warm, 7)).toBe(7);
    expect(kept).toHaveLength(1);
  });

  it.each([
    ["damaged", (bytes: Uint8Array) => bytes.fill(7, 40, 60)],
    ["cut off", (bytes: Uint8Array) => bytes.subarray(0, 30)],
    ["empty", () => new Uint8Array(0)],
  ])("with a file that is %s makes it anew", async (_, damage) => {
    const own = await mkdtemp(join(tmpdir(), "millrace-indexes-"));
    {
      await using library = createVideoLibrary({ decoder, indexFolder: own });
      await using _video = await library.open(clips.pathOf("cfr_ip.mp4"));
      const [name = ""] = await until(() => readdir(own));
      const whole = await readFile(join(own, name));
      await writeFile(join(own, name), damage(Uint8Array.from(whole)));
      await using again = await library.open(clips.pathOf("cfr_ip.mp4"));
      expect(await look(again, 59)).toBe(59);
      await until(async () => ((await readFile(join(own, name))).equals(whole) ? [name] : []));
    }
    await rm(own, { recursive: true });
  });
});

describe("requests that nobody waits for any more", () => {
  it("reject with their own reason, leave no frame, and the next one is right", async () => {
    await using library = createVideoLibrary({ decoder, cacheBytes: 0 });
    await using video = await library.open(clips.pathOf("long_gop.mp4"));
    const controllers = Array.from({ length: 30 }, () => new AbortController());
    const requests = controllers.map(({ signal }, at) => video.frameAt(299 - at * 7, { signal }));
    const settled = Promise.allSettled(requests);
    for (const [at, controller] of controllers.entries()) {
      setTimeout(() => controller.abort(`not ${at}`), at % 13);
    }
    for (const [at, result] of (await settled).entries()) {
      if (result.status === "rejected") expect(result.reason).toBe(`not ${at}`);
      else result.value[Symbol.dispose]();
    }
    expect(await look(video, 150)).toBe(150);
  });
});

/** Asks until the answer is not empty: indexes are written in the background. */
async function until(ask: () => Promise<readonly string[]>): Promise<readonly string[]> {
  for (let tries = 0; ; tries++) {
    const answer = (await ask()).filter((name) => !name.endsWith(".draft"));
    if (answer.length > 0 || tries > 400) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
