import { readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { affineModel } from "@millrace/inference/testing";
import { createVideoLibrary, decodeIndex, httpBytes } from "@millrace/video-index";
import { makeClips, readBarcode } from "@millrace/video-index/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../src/index.ts";
import { barcodeOf, markedClip, markModel, markOf, missingForClips, redIn } from "./marked-clip.ts";
import { freePort, startServerProcess } from "./server-process.ts";
import { ask } from "./test-server.ts";
import { upload, type VideoBench, videoBench } from "./video-server.ts";

const missing = await missingForClips();
if (missing !== undefined) process.stdout.write(`skipped video.real.test.ts: ${missing}\n`);

interface Problem {
  readonly error: { readonly code: string; readonly message: string };
}
interface Found {
  readonly index: number;
  readonly time: number;
  readonly count: number;
  readonly detections: readonly { readonly class: string; readonly box: readonly number[] }[];
  readonly source: string;
  readonly error?: { readonly code: string };
}
interface Stats {
  readonly videos: { readonly kept: number; readonly open: number };
  readonly frames: Readonly<Record<"answered" | "hits" | "misses" | "hitRate", number>>;
  readonly decodedPackets: number;
  readonly cache: Readonly<Record<"sizeBytes" | "maxBytes", number>>;
  readonly inference: null | Readonly<Record<"frames" | "batches" | "meanBatchSize", number>>;
}

describe.skipIf(missing !== undefined)("videos over HTTP", () => {
  let bench: VideoBench;
  let server: RunningServer;
  let model: string;
  let clip: string;

  beforeAll(async () => {
    bench = await videoBench();
    clip = await markedClip();
    model = await markModel(bench.folder);
    server = await bench.start({ videoModel: model });
    expect((await upload(server, clip, "marked")).status).toBe(201);
  }, 120_000);

  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]();
  });

  const picture = async (path: string): Promise<{ response: Response; number: unknown }> => {
    const response = await fetch(`${server.url}${path}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    return { response, number: response.ok ? await barcodeOf(bytes) : undefined };
  };
  const stats = async (): Promise<Stats> => (await ask<Stats>(`${server.url}/v1/video/stats`)).body;

  describe("uploads", () => {
    it("tell what the video is", async () => {
      const { body } = await upload(server, clip, "../told me");
      expect(body).toMatchObject({
        outcome: "new",
        video: {
          ...{ id: "toldme", frameCount: 60, fps: 30, displayWidth: 192, displayHeight: 128 },
          ...{ codec: "h264", container: "mp4", keyFrameCount: 4 },
        },
      });
      expect(JSON.stringify(body)).not.toContain(bench.folder);
      const { body: one } = await ask(`${server.url}/v1/videos/toldme`);
      expect(one).toEqual(body.video);
      const deleted = await fetch(`${server.url}/v1/videos/toldme`, { method: "DELETE" });
      expect(deleted.status).toBe(204);
      for (const method of ["GET", "DELETE"]) {
        expect((await fetch(`${server.url}/v1/videos/toldme`, { method })).status).toBe(404);
      }
    });

    it("of the same bytes are kept once, others take the place of the ones before", async () => {
      const other = await markedClip({ seconds: 1 });
      expect((await upload(server, clip, "changing")).status).toBe(201);
      expect(await upload(server, clip, "changing")).toMatchObject({
        status: 200,
        body: { outcome: "same" },
      });
      // Frames that are asked for while it is replaced are of one of both.
      const asked = Array.from({ length: 20 }, (_, frame) =>
        picture(`/v1/videos/changing/frames/${frame}.jpg`),
      );
      const replaced = upload(server, other, "changing");
      for (const [frame, { number, response }] of (await Promise.all(asked)).entries()) {
        expect([response.status, number]).toEqual([200, frame]);
      }
      expect(await replaced).toMatchObject({
        body: { outcome: "replaced", video: { frameCount: 30 } },
      });
      expect((await picture("/v1/videos/changing/frames/29.jpg")).number).toBe(29);
      expect((await picture("/v1/videos/changing/frames/30.jpg")).response.status).toBe(404);
    });

    it("without an id go by their file's name", async () => {
      const { body } = await upload(server, clip);
      expect(body.video["id"]).toBe("2-15");
    });

    it("that are no video are refused, and nothing stays of them", async () => {
      const clips = await makeClips(join(tmpdir(), "millrace-clips"));
      const expected = { CORRUPT_INPUT: 422, UNSUPPORTED: 415, NOT_FOUND: 415 };
      for (const { name, code } of clips.unreadable) {
        const { status, body } = await upload<Problem>(server, clips.pathOf(name), "bad");
        expect([name, status]).toEqual([name, expected[code]]);
        expect(body.error.message).toContain(name);
        expect(body.error.message).not.toMatch(/data folder|incoming|\//);
      }
      expect((await fetch(`${server.url}/v1/videos/bad`)).status).toBe(404);
      // One that is there stays, whatever comes under its id.
      await upload(server, clips.pathOf("garbage.mp4"), "marked");
      expect((await picture("/v1/videos/marked/frames/3.jpg")).number).toBe(3);
    }, 120_000);

    it("that are forms of another kind are refused", async () => {
      const send = async (body: FormData | string): Promise<number> =>
        (await fetch(`${server.url}/v1/videos`, { method: "POST", body })).status;
      const empty = new FormData();
      empty.set("id", "x");
      expect(await send(empty)).toBe(400);
      expect([400, 415]).toContain(await send("text"));
    });

    it("beyond the limits are refused", async () => {
      await using small = await videoBench();
      const tight = await small.start({ maxVideoBytes: 1_000, maxVideos: 1 });
      expect((await upload(tight, clip, "large")).status).toBe(413);
      await tight.close();
      const few = await small.start({ maxVideos: 1 });
      expect((await upload(few, clip, "first")).status).toBe(201);
      expect((await upload(few, clip, "second")).status).toBe(413);
      expect((await upload(few, await markedClip({ seconds: 1 }), "first")).status).toBe(200);
      await fetch(`${few.url}/v1/videos/first`, { method: "DELETE" });
      // At once, too.
      const both = await Promise.all([upload(few, clip, "third"), upload(few, clip, "fourth")]);
      expect(both.map(({ status }) => status).toSorted()).toEqual([201, 413]);
    });

    it("under one id at once leave one video, whole", async () => {
      await using own = await videoBench();
      const alone = await own.start();
      const clips = [clip, await markedClip({ seconds: 1 }), await markedClip({ comment: "c" })];
      const answers = await Promise.all(
        [...clips, ...clips].map((path) => upload(alone, path, "one")),
      );
      for (const { status } of answers) expect([200, 201]).toContain(status);
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
      const { body } = await ask<Record<string, string>>(`${alone.url}/v1/videos/one`);
      await expect
        .poll(() => readdir(join(own.folder, "data/videos/one")))
        .toEqual([`${body["sha256"]?.slice(0, 16)}.mp4`, "video.json"]);
      const bytes = await (await fetch(`${alone.url}/v1/videos/one/frames/29.jpg`)).bytes();
      expect(await barcodeOf(bytes)).toBe(29);
    });

    it("survive a crash, and one that was on its way leaves the one before", async () => {
      await using own = await videoBench();
      const port = await freePort();
      const settings = { port, dataFolder: join(own.folder, "data") };
      const url = `http://127.0.0.1:${port}`;
      const before = await startServerProcess(settings);
      expect((await upload({ url }, clip, "kept")).status).toBe(201);
      const sending = fetch(`${url}/v1/videos`, {
        method: "POST",
        headers: { "content-type": "multipart/form-data; boundary=x" },
        body: endlessForm("kept"),
        duplex: "half",
      } as RequestInit).catch(() => {});
      const incoming = join(own.folder, "data/videos/.incoming");
      await expect.poll(() => readdir(incoming)).toHaveLength(1);
      await before.kill();
      await sending;
      const after = await startServerProcess(settings);
      try {
        const bytes = await (await fetch(`${url}/v1/videos/kept/frames/42.png`)).bytes();
        expect(await barcodeOf(bytes)).toBe(42);
      } finally {
        expect(await after.stop()).toBe(0);
      }
    }, 60_000);

    it("that are broken off leave nothing", async () => {
      await using own = await videoBench();
      const alone = await own.start();
      const controller = new AbortController();
      const sending = fetch(`${alone.url}/v1/videos`, {
        method: "POST",
        headers: { "content-type": "multipart/form-data; boundary=x" },
        body: endlessForm("x"),
        signal: controller.signal,
        duplex: "half",
      } as RequestInit);
      const incoming = join(own.folder, "data/videos/.incoming");
      await expect.poll(() => readdir(incoming)).toHaveLength(1);
      controller.abort();
      await expect(sending).rejects.toThrow();
      await expect.poll(() => readdir(incoming)).toHaveLength(0);
    });

    it("survive a restart", async () => {
      await using own = await videoBench();
      const before = await own.start();
      const { body } = await upload(before, clip, "kept");
      await upload(before, await markedClip({ seconds: 1 }), "gone");
      const indexes = join(own.folder, "data/videos/.indexes");
      await expect.poll(() => readdir(indexes)).toHaveLength(2);
      await fetch(`${before.url}/v1/videos/gone`, { method: "DELETE" });
      await before.close();
      const after = await own.start();
      expect((await readdir(indexes)).length).toBe(1);
      expect((await ask(`${after.url}/v1/videos/kept`)).body).toEqual(body.video);
      const bytes = await (await fetch(`${after.url}/v1/videos/kept/frames/42.png`)).bytes();
      expect(await barcodeOf(bytes)).toBe(42);
    });
  });

  describe("frames", () => {
    it("are those of their numbers, in any look", async () => {
      for (const [path, frame] of [
        ["frames/0", 0],
        ["frames/59.png", 59],
        ["frames/17.jpg?quality=95", 17],
        ["frames/31.jpg?width=96", 31],
        ["frames?t=1.0", 30],
        ["frames?t=0.99", 29],
        ["frames?t=0.99&rule=nearest", 30],
        ["frames?t=0.98&rule=at-or-after&as=png", 30],
      ] as const) {
        const { response, number } = await picture(`/v1/videos/marked/${path}`);
        expect([path, response.status, number]).toEqual([path, 200, frame]);
        expect(response.headers.get("x-frame-index")).toBe(String(frame));
        expect(response.headers.get("content-type")).toMatch(/png/.test(path) ? /png/ : /jpeg/);
      }
    });

    it("that are not there are 404, and what makes no sense is 400", async () => {
      for (const [path, status] of [
        ["marked/frames/60", 404],
        ["nobody/frames/0", 404],
        ["marked/frames?t=0.99&rule=exact", 404],
        ["marked/frames/x", 400],
        ["marked/frames/0?quality=0", 400],
        ["marked/frames/0?width=100000", 400],
        ["marked/frames/0?roi=0,0,1000,1000", 400],
        ["marked/frames", 400],
      ] as const) {
        const { status: given, body } = await ask<Problem>(`${server.url}/v1/videos/${path}`);
        expect([path, given]).toEqual([path, status]);
        expect(body.error.message).not.toContain(bench.folder);
      }
    });

    it("of a damaged video are right, or said to be concealed, or refused", async () => {
      const clips = await makeClips(join(tmpdir(), "millrace-clips"));
      const damaged = clips.clips.find(({ name }) => name === "trunc.mkv");
      await upload(server, clips.pathOf("trunc.mkv"), "damaged");
      const seen = new Set<string>();
      for (const [index, expected] of (damaged?.numbers ?? []).entries()) {
        const { response, number } = await picture(`/v1/videos/damaged/frames/${index}.png`);
        const status = response.headers.get("x-frame-status") ?? String(response.status);
        seen.add(status);
        if (status === "ok") expect(number).toBe(expected);
        else expect(["concealed", "422"]).toContain(status);
      }
      expect(seen).toContain("ok");
    }, 60_000);

    it("say of each request whether it was a hit, and where its time went", async () => {
      const { body } = await upload(server, await markedClip({ comment: "headers" }), "headers");
      expect(body.outcome).toBe("new");
      const before = await stats();
      const first = await picture("/v1/videos/headers/frames/20.jpg");
      const second = await picture("/v1/videos/headers/frames/20.jpg");
      const seen = [first, second].map(({ response: { headers } }) => ({
        cache: headers.get("x-cache-status"),
        spans: new Map(
          (headers.get("server-timing") ?? "").split(", ").map((span) => {
            const [name, , value] = span.split(/[;=]/);
            return [name, Number(value)];
          }),
        ),
      }));
      expect(seen.map(({ cache }) => cache)).toEqual(["MISS", "HIT"]);
      expect(seen[0]?.spans.get("decode")).toBeGreaterThan(0);
      expect(seen[0]?.spans.get("encode")).toBeGreaterThan(0);
      expect(seen[1]?.spans.get("decode")).toBe(0);
      expect(seen[1]?.spans.get("encode")).toBe(0);
      const after = await stats();
      expect(after.frames.hits - before.frames.hits).toBe(1);
      expect(after.frames.misses - before.frames.misses).toBe(1);
      expect(after.frames.hitRate).toBe(after.frames.hits / after.frames.answered);
    });

    it("are not made again for who has them", async () => {
      const url = `${server.url}/v1/videos/marked/frames/5.jpg`;
      const etag = (await fetch(url)).headers.get("etag") ?? "";
      const again = await fetch(url, { headers: { "if-none-match": etag } });
      expect(again.status).toBe(304);
      expect((await fetch(`${url}?width=50`)).headers.get("etag")).not.toBe(etag);
    });

    it("that nobody waits for any more are not decoded", async () => {
      const long = await markedClip({ seconds: 40, gop: 1_200 });
      await upload(server, long, "long");
      const before = await stats();
      // As a hand on a slider: each is given up at once for the next.
      for (let turn = 0; turn < 10; turn++) {
        const controller = new AbortController();
        const answer = fetch(`${server.url}/v1/videos/long/frames/${1_150 + turn}.jpg`, {
          signal: controller.signal,
        });
        setTimeout(() => controller.abort(), 5);
        await answer.catch(() => {});
      }
      expect((await picture("/v1/videos/long/frames/10.jpg")).number).toBe(10);
      const after = await stats();
      // None of them was answered, and none stands in the statistics.
      expect(after.frames.answered - before.frames.answered).toBe(1);
      // Each of them alone is more than 1,150 packets behind the only key frame.
      expect(after.decodedPackets - before.decodedPackets).toBeLessThan(1_150);
    }, 120_000);

    it("as thumbnails are key frames", async () => {
      const { body } = await ask<{
        thumbnails: { index: number; width: number; image: string }[];
      }>(`${server.url}/v1/videos/marked/thumbnails?count=4&width=96`);
      expect(body.thumbnails.map(({ index }) => index)).toEqual([0, 15, 30, 45]);
      for (const { index, width, image } of body.thumbnails) {
        expect(width).toBe(96);
        expect(await barcodeOf(Buffer.from(image.split(",")[1] ?? "", "base64"))).toBe(index);
      }
    });
  });

  it("give their file in parts, and their index", async () => {
    const whole = await readFile(clip);
    const url = `${server.url}/v1/videos/marked/file`;
    const all = await fetch(url);
    expect(all.headers.get("content-type")).toBe("video/mp4");
    expect(Buffer.from(await all.arrayBuffer()).equals(whole)).toBe(true);
    const part = await fetch(url, { headers: { range: "bytes=100-199" } });
    expect(part.status).toBe(206);
    expect(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(100, 200))).toBe(true);
    expect((await fetch(url, { headers: { range: "bytes=99999999-" } })).status).toBe(416);
    const index = await (await fetch(`${server.url}/v1/videos/marked/index`)).bytes();
    expect(decodeIndex(index).index.frameCount).toBe(60);
  });

  it("are videos for programs elsewhere, by ranges of their file", async () => {
    await using library = createVideoLibrary({ cacheBytes: 0 });
    const source = await httpBytes(`${server.url}/v1/videos/marked/file`);
    await using video = await library.open(source);
    using shown = await video.frameAt(33);
    expect(shown.frame && readBarcode(shown.frame)).toBe(33);
  });

  it("answer whatever is asked, and never with a failure of the server", async () => {
    const value = fc.oneof(
      fc.constantFrom("", "-1", "0", "1e9", "1e400", "NaN", "true", "nearest", "png", "0,0,9,9"),
      fc.constantFrom("0,0,0,0", "1,1,1,1", "190,126,2,2", "0,0,192,129", "..", "%00", "__proto__"),
      fc.string({ maxLength: 8 }),
    );
    const query = fc.dictionary(
      fc.constantFrom("t", "rule", "as", "quality", "width", "height", "roi", "inference", "count"),
      value,
      { maxKeys: 4 },
    );
    const place = fc.constantFrom(
      ...["frames", "frames/0", "frames/59.png", "frames/60", "thumbnails", "index", "file"],
      ...["detections.ndjson", "frames/5/detections"],
    );
    const id = fc.oneof(fc.constantFrom("marked", "marked", "marked", "..", "constructor"), value);
    await fc.assert(
      fc.asyncProperty(id, place, query, async (name, path, wanted) => {
        const url = `${server.url}/v1/videos/${encodeURIComponent(name)}/${path}?${new URLSearchParams(wanted)}`;
        const answer = await fetch(url);
        await answer.arrayBuffer();
        expect([url, answer.status < 500]).toEqual([url, true]);
      }),
      { numRuns: 150 },
    );
    const body = fc.oneof(
      fc.record({ frames: fc.array(fc.oneof(fc.integer(), fc.double()), { maxLength: 5 }) }),
      fc.record({ times: fc.array(fc.double({ noNaN: true }), { maxLength: 5 }), rule: value }),
      fc.jsonValue(),
    );
    await fc.assert(
      fc.asyncProperty(body, fc.boolean(), async (wanted, seed) => {
        const path = seed ? "/api/gpu/video/marked/batch_inference" : "/v1/videos/marked/inference";
        const { status } = await fetch(`${server.url}${path}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(wanted),
        });
        expect([wanted, status < 500]).toEqual([wanted, true]);
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  describe("detections", () => {
    it("are those of the frame", async () => {
      for (const frame of [0, 13, 59]) {
        const { body } = await ask<Found>(
          `${server.url}/v1/videos/marked/frames/${frame}/detections`,
        );
        expect(body).toMatchObject({ index: frame, count: 1 });
        expect(body.detections).toEqual([
          { class: "red", classId: 0, score: expect.any(Number), box: markOf(frame) },
        ]);
      }
      const { response, number } = await picture("/v1/videos/marked/frames/21.jpg?inference=true");
      expect([number, response.headers.get("x-count")]).toEqual([21, "1"]);
      expect(response.headers.get("server-timing")).toMatch(/infer;dur=/);
    });

    it("of many frames come in their order, each with its own failure", async () => {
      const { body } = await ask<{ results: readonly Found[] }>(
        `${server.url}/v1/videos/marked/inference`,
        {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ frames: [40, 7, 60, 7, 39] }),
        },
      );
      expect(body.results.map(({ index }) => index)).toEqual([40, 7, 60, 7, 39]);
      expect(body.results[2]?.error?.code).toBe("NOT_FOUND");
      for (const [at, frame] of [40, 7, undefined, 7, 39].entries()) {
        if (frame !== undefined) {
          expect(body.results[at]?.detections[0]?.box).toEqual(markOf(frame));
        }
      }
    });

    it("are made in batches, and once a frame", async () => {
      await upload(server, await markedClip({ comment: "batches" }), "batches");
      const before = (await stats()).inference;
      const ask60 = async (): Promise<readonly Found[]> =>
        (
          await ask<{ results: readonly Found[] }>(`${server.url}/v1/videos/batches/inference`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ frames: Array.from({ length: 60 }, (_, frame) => frame) }),
          })
        ).body.results;
      const [first, second] = await Promise.all([ask60(), ask60()]);
      for (const results of [first, second]) {
        expect(results.map(({ detections }) => detections[0]?.box)).toEqual(
          Array.from({ length: 60 }, (_, frame) => markOf(frame)),
        );
      }
      const after = (await stats()).inference;
      const frames = (after?.frames ?? 0) - (before?.frames ?? 0);
      const batches = (after?.batches ?? 0) - (before?.batches ?? 0);
      expect(frames).toBe(60);
      expect(batches).toBeLessThan(40);
      expect((await ask60()).map(({ source }) => source)).toEqual(Array(60).fill("cache"));
    });

    it("of a range are lines", async () => {
      const answer = await fetch(
        `${server.url}/v1/videos/marked/detections.ndjson?from=10&to=40&stride=10`,
      );
      expect(answer.headers.get("content-type")).toMatch(/ndjson/);
      const lines = (await answer.text())
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(lines.map(({ index }) => index)).toEqual([10, 20, 30]);
      for (const { index, objects } of lines) expect(objects[0].box).toEqual(markOf(index));
    });

    it("of a range end when their reader goes, and hold nothing", async () => {
      const long = await markedClip({ seconds: 40, gop: 1_200 });
      await upload(server, long, "left");
      const controller = new AbortController();
      const url = `${server.url}/v1/videos/left/detections.ndjson`;
      const answer = await fetch(url, { signal: controller.signal });
      const reader = answer.body?.getReader();
      expect((await reader?.read())?.done).toBe(false);
      controller.abort();
      await expect(reader?.read()).rejects.toThrow();
      const settled = async (): Promise<boolean> => {
        const one = (await stats()).inference?.frames;
        await new Promise((resolve) => setTimeout(resolve, 200));
        return (await stats()).inference?.frames === one;
      };
      await expect.poll(settled).toBe(true);
      expect((await stats()).inference?.frames).toBeLessThan(1_200);
      const deleted = await fetch(`${server.url}/v1/videos/left`, { method: "DELETE" });
      expect(deleted.status).toBe(204);
      await expect.poll(() => readdir(join(bench.folder, "data/videos"))).not.toContain("left");
    }, 60_000);

    it.each([90, 180, 270])(
      "of a video turned by %i° lie in the picture as it is shown",
      async (rotate) => {
        const id = `turned${rotate}`;
        await upload(server, await markedClip({ rotate }), id);
        const at = `${server.url}/v1/videos/${id}/frames/17`;
        const { body } = await ask<Found>(`${at}/detections`);
        const shown = await redIn(await (await fetch(`${at}.png`)).bytes());
        expect(body.detections.map(({ box }) => box)).toEqual([shown]);
      },
    );

    it("need a model, and everything else does not", async () => {
      await using own = await videoBench();
      const plain = await own.start();
      await upload(plain, clip, "marked");
      for (const path of [
        "frames/0/detections",
        "frames/0.jpg?inference=true",
        "detections.ndjson",
      ]) {
        const { status, body } = await ask<Problem>(`${plain.url}/v1/videos/marked/${path}`);
        expect([path, status, body.error.code]).toEqual([path, 503, "MISSING_DEPENDENCY"]);
        expect(body.error.message).toContain("MILLRACE_VIDEO_MODEL");
      }
      expect((await fetch(`${plain.url}/v1/videos/marked/frames/0.jpg`)).status).toBe(200);
      const seed = await fetch(`${plain.url}/api/gpu/video/marked/frame?t=0&inference=true`);
      expect([seed.status, seed.headers.get("x-count")]).toEqual([200, null]);
    });

    it("by a model that is none stop the start, and say which", async () => {
      await using own = await videoBench();
      const path = join(own.folder, "wrong.onnx");
      await expect(own.start({ videoModel: path })).rejects.toMatchObject({ code: "NOT_FOUND" });
      await writeFile(path, "no model");
      await expect(own.start({ videoModel: path })).rejects.toMatchObject({
        code: "CORRUPT_INPUT",
      });
      await writeFile(path, affineModel({ width: 2 }));
      await expect(own.start({ videoModel: path })).rejects.toMatchObject({ code: "UNSUPPORTED" });
    });
  });

  it("stand in the metrics", async () => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    for (const name of [
      'millrace_video_frames_total{cache="hit"}',
      'millrace_video_frames_total{cache="miss"}',
      "millrace_video_decode_seconds_count",
      "millrace_video_inference_seconds_count",
      "millrace_video_batch_size_sum",
      "millrace_video_cache_bytes",
      "millrace_video_videos",
    ]) {
      const value = Number(
        text
          .split("\n")
          .find((line) => line.startsWith(name))
          ?.split(" ")
          .at(-1),
      );
      expect([name, value > 0]).toEqual([name, true]);
    }
    const { cache } = await stats();
    expect(cache.sizeBytes).toBeLessThanOrEqual(cache.maxBytes);
  });

  it("ask for the token, where there is one", async () => {
    await using own = await videoBench();
    const closed = await own.start({ token: "a-long-token" });
    for (const path of ["/v1/videos", "/v1/video/stats", "/api/gpu/stats"]) {
      expect((await fetch(`${closed.url}${path}`)).status).toBe(401);
    }
  });
});

/** A form whose file does not end. */
function endlessForm(id: string): ReadableStream<Uint8Array> {
  const field = (name: string): string => `--x\r\ncontent-disposition: form-data; name="${name}"`;
  const head = `${field("id")}\r\n\r\n${id}\r\n${field("file")}; filename="a.mp4"\r\n\r\n`;
  return new ReadableStream({
    start(stream) {
      stream.enqueue(new TextEncoder().encode(head));
      for (let piece = 0; piece < 20; piece++) stream.enqueue(new Uint8Array(65_536));
    },
  });
}
