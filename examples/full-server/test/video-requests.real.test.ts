import { readFile } from "node:fs/promises";
import { createVideoLibrary, decodeIndex, httpBytes } from "@millrace/video-index";
import { readBarcode } from "@millrace/video-index/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { markedClip, missingForClips } from "./marked-clip.ts";
import { ask } from "./test-server.ts";
import { type MarkedServer, startMarkedServer } from "./video-answers.ts";
import { upload, videoBench } from "./video-server.ts";

const missing = await missingForClips();
if (missing !== undefined)
  process.stdout.write(`skipped video-requests.real.test.ts: ${missing}\n`);

describe.skipIf(missing !== undefined)("videos over HTTP", () => {
  let marked: MarkedServer;
  let clip: string;
  let server: MarkedServer["server"];
  let stats: MarkedServer["stats"];

  beforeAll(async () => {
    marked = await startMarkedServer();
    ({ clip, server, stats } = marked);
  }, 120_000);

  afterAll(async () => {
    await marked?.[Symbol.asyncDispose]();
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

  it("stand in the metrics", async () => {
    // A miss, a hit, and a look of the model, of a video that nobody asked for before.
    await upload(server, await markedClip({ comment: "counted" }), "counted");
    const frame = "/v1/videos/counted/frames/44";
    for (let turn = 0; turn < 2; turn++) expect((await marked.picture(frame)).number).toBe(44);
    expect((await ask(`${server.url}${frame}/detections`)).status).toBe(200);
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
