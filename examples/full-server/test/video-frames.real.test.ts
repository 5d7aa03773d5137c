import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeClips } from "@millrace/video-index/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { barcodeOf, markedClip, missingForClips } from "./marked-clip.ts";
import { ask } from "./test-server.ts";
import { type MarkedServer, type Problem, startMarkedServer } from "./video-answers.ts";
import { upload } from "./video-server.ts";

const missing = await missingForClips();
if (missing !== undefined) process.stdout.write(`skipped video-frames.real.test.ts: ${missing}\n`);

describe.skipIf(missing !== undefined)("videos over HTTP: frames", () => {
  let marked: MarkedServer;
  let bench: MarkedServer["bench"];
  let picture: MarkedServer["picture"];
  let server: MarkedServer["server"];
  let stats: MarkedServer["stats"];

  beforeAll(async () => {
    marked = await startMarkedServer();
    ({ bench, picture, server, stats } = marked);
  }, 120_000);

  afterAll(async () => {
    await marked?.[Symbol.asyncDispose]();
  });

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
