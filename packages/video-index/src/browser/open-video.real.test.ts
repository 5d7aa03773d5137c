// Frames in a browser, judged by the numbers in the pixels of a canvas.
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeAv } from "@millrace/media/node-av";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BrowserPage, CHROMIUM, openBrowserPage } from "../../test/browser/browser-page.ts";
import { bundle } from "../../test/browser/bundle.ts";
import type { PageOpenOptions } from "../../test/browser/page.ts";
import { startVideoServer, type VideoServer } from "../../test/browser/video-server.ts";
import { shuffled } from "../../test/judge-clip.ts";
import { frameInfo } from "../index/frame-info.ts";
import { encodeIndex } from "../index/index-bytes.ts";
import { openVideo } from "../open-video.ts";
import { type Clip, makeClips } from "../testing/index.ts";

const missing = existsSync(CHROMIUM)
  ? undefined
  : `there is no ${CHROMIUM}: apt-get install chromium`;
if (missing !== undefined) process.stdout.write(`skipped open-video.real.test.ts: ${missing}\n`);

const PAGE = join(import.meta.dirname, "../../test/browser/page.ts");
/** What Chromium has no decoder for; Debian's has those of H.264. */
const NOT_IN_CHROMIUM = /hevc|hdr10|mpeg4|mpeg2|mjpeg|prores|trunc\.avi/;
const REQUESTS = 24;

const folder = await makeClips(join(tmpdir(), "millrace-clips"));
const clips = folder.clips.filter(({ state }) => state !== "damaged");
const decoded = clips.filter(({ name }) => !NOT_IN_CHROMIUM.test(name));
const refused = clips.filter(({ name }) => NOT_IN_CHROMIUM.test(name));

describe.skipIf(missing !== undefined)("a video in a browser", () => {
  const driver = nodeAv({ workers: 1 });
  const { decoder } = driver;
  let server: VideoServer;
  let page: BrowserPage;

  beforeAll(async () => {
    server = await startVideoServer({
      scripts: await bundle(PAGE, false),
      pathOf: folder.pathOf,
      async indexOf(clip) {
        await using video = await openVideo(folder.pathOf(clip), { decoder });
        return encodeIndex({ index: video.index, warnings: [], fingerprint: "" });
      },
      async stillOf(clip, frame) {
        await using video = await openVideo(folder.pathOf(clip), { decoder });
        const { image } = await video.frameAt(frame, { as: "jpeg", quality: 95 });
        if (image === undefined) throw new Error(`no picture of frame ${frame}`);
        return image.data;
      },
    });
    page = await openBrowserPage(server.url);
  }, 120_000);

  afterAll(async () => {
    await page?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
    await driver.close();
  });

  const open = async (clip: string, options: PageOpenOptions = {}) => {
    server.requests.length = 0;
    const opened = await page.call("open", `${server.url}/clips/${clip}`, options);
    if (!opened.ok) throw new Error(`${clip}: ${opened.code} ${opened.message}`);
    return opened.value;
  };
  const requestsOf = (kind: string): readonly string[] =>
    server.requests.filter((request) => request.startsWith(`/${kind}/`));
  const orderOf = ({ name, numbers }: Clip): readonly number[] =>
    shuffled(numbers.length, name.length).slice(0, REQUESTS);

  it("has clips of every codec that Chromium decodes, and of some that it does not", () => {
    const names = decoded.map(({ name }) => name);
    for (const part of [
      "cfr_b",
      "open_gop",
      "elst_trim",
      "frag.mp4",
      "vfr.mkv",
      "plain.ts",
      "vp8",
      "vp9",
      "av1",
    ]) {
      expect(
        names.some((name) => name.includes(part)),
        part,
      ).toBe(true);
    }
    expect(refused.length).toBeGreaterThan(3);
  });

  it.each(decoded)(
    "draws the frames of $name in any order, as they are numbered in Node",
    async (clip) => {
      const { id, mode, info } = await open(clip.name);
      expect(mode).toBe("webcodecs");
      const order = orderOf(clip);
      const seen = await page.call("drawEach", id, order);
      expect(await page.call("close", id)).toBe(0);
      await using video = await openVideo(folder.pathOf(clip.name), { decoder });
      expect({ ...info, name: "" }).toEqual({ ...video.info, name: "" });
      const expected = order.map((frame) => ({ ...frameInfo(video.index, frame), status: "ok" }));
      expect(
        seen.map(({ index, pts, time, duration, key, status }) => ({
          index,
          pts,
          time,
          duration,
          key,
          status,
        })),
      ).toEqual(expected);
      if (clip.barcode) {
        expect(seen.map((frame) => frame.seen)).toEqual(order.map((frame) => clip.numbers[frame]));
      }
      const { displayWidth, displayHeight } = video.info;
      expect(seen[0]).toMatchObject({ width: displayWidth, height: displayHeight });
    },
  );

  it.each(refused)(
    "says that it does not decode $name, with the codec string",
    async ({ name }) => {
      const opened = await page.call("open", `${server.url}/clips/${name}`);
      await using video = await openVideo(folder.pathOf(name), { decoder });
      expect(opened).toMatchObject({
        ok: false,
        code: "UNSUPPORTED",
        message: expect.stringContaining(video.info.codecString),
      });
    },
  );

  it.each(["noinitkey.ts", "trunc_faststart.mp4", "trunc.mkv", "trunc.ts", "dropped_pkt.mp4"])(
    "gives the frames of the damaged %s that are left, and no wrong ones",
    async (name) => {
      const clip = folder.clips.find((it) => it.name === name) as Clip;
      const { id, info } = await open(name);
      expect(info.frameCount).toBe(clip.numbers.length);
      const order = orderOf(clip);
      const seen = await page.call("drawEach", id, order);
      const given = seen.filter(({ status }) => status !== "missing");
      expect(given.map((frame) => frame.seen)).toEqual(
        given.map(({ index }) => clip.numbers[index]),
      );
      expect(given.length).toBeGreaterThan(REQUESTS / 4);
      expect(await page.call("close", id)).toBe(0);
    },
  );

  it("takes the index from the server, and reads of the file only what it decodes", async () => {
    const { id, info } = await open("long_gop.mp4", {
      index: `${server.url}/indexes/long_gop.mp4`,
    });
    expect(info.frameCount).toBe(300);
    expect(requestsOf("indexes")).toHaveLength(1);
    const [frame] = await page.call("drawEach", id, [123]);
    expect(frame).toMatchObject({ seen: 123, exactness: "verified" });
    await page.call("close", id);
  });

  it("asks for nothing more while frames are drawn whose bytes were read", async () => {
    const { id } = await open("cfr_b.mp4", { cacheBytes: 0 });
    await page.call("drawEach", id, [59, 0]);
    const before = server.requests.length;
    const seen = await page.call("drawEach", id, [40, 41, 39, 3, 59, 30]);
    expect(seen.map((it) => it.seen)).toEqual([40, 41, 39, 3, 59, 30]);
    expect(server.requests).toHaveLength(before);
    expect(before).toBeGreaterThan(0);
    await page.call("close", id);
  });

  it("decodes nothing again for frames that it passed on the way", async () => {
    const { id } = await open("long_gop.mp4");
    await page.call("drawEach", id, [200]);
    const { decodedPackets } = await page.call("stats", id);
    const near = [196, 199, 190, 198, 185, 200];
    const seen = await page.call("drawEach", id, near);
    expect(seen.map((it) => it.seen)).toEqual(near);
    expect((await page.call("stats", id)).decodedPackets).toBe(decodedPackets);
    expect(await page.call("close", id)).toBe(0);
  });

  it("gives frames one after another, and as JPEG", async () => {
    const { id } = await open("cfr_b.mp4");
    expect(await page.call("forwards", id)).toEqual([...Array(60).keys()]);
    expect(await page.call("jpeg", id, 7)).toEqual({ type: "image/jpeg", width: 192, height: 128 });
    expect(await page.call("jpeg", id, 7, { width: 48 })).toMatchObject({ width: 48, height: 32 });
    expect(await page.call("close", id)).toBe(0);
    const turned = await open("rot90.mp4");
    expect(await page.call("jpeg", turned.id, 7, { width: 64 })).toMatchObject({
      width: 64,
      height: 96,
    });
    expect(await page.call("close", turned.id)).toBe(0);
  });

  it.each(["cfr_b.mp4", "h264_10.mp4", "y444.mp4", "vp9.webm"])(
    "copies the pixels of %s out when they are asked for",
    async (clip) => {
      for (const hardwareAcceleration of ["prefer-software", "no-preference"] as const) {
        const { id, info } = await open(clip, { hardwareAcceleration });
        const copied = await page.call("copied", id, 21);
        expect(copied).toMatchObject({
          codedWidth: info.codedWidth,
          codedHeight: info.codedHeight,
        });
        expect(copied?.format).toBe(copied?.native);
        const numbered = folder.clips.find(({ name }) => name === clip)?.barcode === true;
        if (numbered) expect(copied?.seen).toBe(21);
        expect(await page.call("pixelsAtOnce", id)).toMatchObject({
          ok: false,
          code: "UNSUPPORTED",
        });
        expect(await page.call("close", id)).toBe(0);
      }
    },
  );

  it("shows what was asked for last, and draws the newest of those that waited", async () => {
    const { id } = await open("long_gop.mp4");
    const { drawn, seen } = await page.call("drawAtOnce", id, [250, 10, 20, 30, 299]);
    expect(drawn).toEqual([250, undefined, undefined, undefined, 299]);
    expect(seen).toBe(299);
    expect(await page.call("close", id)).toBe(0);
  });

  it("rejects a drawing that is given up with the signal's reason, and goes on with the next", async () => {
    const { id } = await open("long_gop.mp4");
    const { first, second, seen } = await page.call("abortOne", id, 280, 33);
    expect(first).toEqual({ ok: false, code: "MINE", message: "given up" });
    expect(second).toMatchObject({ ok: true, value: { index: 33 } });
    expect(seen).toBe(33);
    expect(await page.call("close", id)).toBe(0);
  });

  it("can be closed while frames are awaited, which are refused or drawn", async () => {
    const { id } = await open("long_gop.mp4");
    const { ended, open: left } = await page.call("closeMeanwhile", id, [299, 5, 150, 0]);
    for (const one of ended) expect(one.ok ? "drawn" : one.code).toMatch(/^(drawn|CLOSED)$/);
    expect(ended.filter(({ ok }) => !ok).length).toBeGreaterThan(0);
    expect(left).toBe(0);
  });

  it("refuses a number that no frame has", async () => {
    const { id } = await open("cfr_b.mp4");
    await expect(page.call("drawEach", id, [60])).rejects.toThrow(
      "has no frame 60; its frames are 0 to 59",
    );
    await page.call("close", id);
  });

  describe("with pictures from the server", () => {
    it.each(["open_gop_hevc.mp4", "mpeg4_b.avi", "cfr_b.mp4", "rot90.mp4", "elst_trim.mp4"])(
      "draws the right ones of %s",
      async (name) => {
        const clip = folder.clips.find((it) => it.name === name) as Clip;
        const stills = `${server.url}/stills/${name}/`;
        const index = `${server.url}/indexes/${name}`;
        const forced = !NOT_IN_CHROMIUM.test(name);
        const { id, mode, info } = await open(name, {
          stills,
          index,
          ...(forced && { mode: "stills" }),
        });
        expect(mode).toBe("stills");
        const order = [31, 2, 44, 2, 17];
        const seen = await page.call("drawEach", id, order);
        expect(seen.map((frame) => frame.seen)).toEqual(order.map((frame) => clip.numbers[frame]));
        await using video = await openVideo(folder.pathOf(name), { decoder });
        expect(
          seen.map(({ index, pts, time, duration, key }) => ({ index, pts, time, duration, key })),
        ).toEqual(order.map((frame) => frameInfo(video.index, frame)));
        expect(seen[0]).toMatchObject({ width: info.displayWidth, height: info.displayHeight });
        // Nothing of the video itself, and each picture once.
        expect(requestsOf("clips")).toEqual([]);
        expect(requestsOf("stills")).toHaveLength(4);
        expect((await page.call("copied", id, 44))?.format).toBe("RGBA");
        expect(await page.call("close", id)).toBe(0);
      },
    );

    it("is what H.264 without IDR pictures in its middle is shown by, unless decoding is asked for", async () => {
      const name = "open_gop_h264.mp4";
      const stills = `${server.url}/stills/${name}/`;
      const chosen = await open(name, { stills });
      expect(chosen.mode).toBe("stills");
      const asked = await open(name, { stills, mode: "webcodecs" });
      expect(asked.mode).toBe("webcodecs");
      const closed = await open("cfr_b.mp4", { stills: `${server.url}/stills/cfr_b.mp4/` });
      expect(closed.mode).toBe("webcodecs");
      for (const { id } of [chosen, asked, closed]) {
        const seen = await page.call("drawEach", id, [41]);
        expect(seen.map((frame) => frame.seen)).toEqual([41]);
        await page.call("close", id);
      }
      expect(requestsOf("stills")).toEqual([`/stills/${name}/41`]);
      const without = await page.call("open", `${server.url}/clips/${name}`, { mode: "stills" });
      expect(without).toMatchObject({ ok: false, code: "INVALID_OPTION" });
    });

    it("shows single frames that the browser cannot decode", async () => {
      const name = "noinitkey.ts";
      const { id, mode } = await open(name, { stills: `${server.url}/stills/cfr_b.mp4/` });
      expect(mode).toBe("webcodecs");
      // What comes before the first key frame: here the server has pictures of another clip.
      const seen = await page.call("drawEach", id, [3, 45]);
      expect(seen.map((frame) => [frame.status, frame.seen])).toEqual([
        ["ok", 3],
        ["ok", 46],
      ]);
      expect(requestsOf("stills")).toEqual(["/stills/cfr_b.mp4/3"]);
      expect(await page.call("close", id)).toBe(0);
    });

    it("reports a picture that is not there, and gives up one that nobody waits for", async () => {
      const stills = `${server.url}/nowhere/`;
      const { id } = await open("mjpeg.avi", { stills });
      await expect(page.call("drawEach", id, [3])).rejects.toThrow(
        "nowhere/3: the server answers 404",
      );
      expect(await page.call("close", id)).toBe(0);
      const there = await open("mjpeg.avi", { stills: `${server.url}/stills/mjpeg.avi/` });
      const { first, second, seen } = await page.call("abortOne", there.id, 5, 6);
      expect(first).toMatchObject({ ok: false, code: "MINE" });
      expect(second).toMatchObject({ ok: true, value: { index: 6 } });
      expect(seen).toBe(6);
      expect(await page.call("close", there.id)).toBe(0);
    });
  });

  it("leaves the console empty: no error, and no frame that nobody closed", () => {
    expect(page.problems.filter((problem) => !problem.includes("404"))).toEqual([]);
  });
});
