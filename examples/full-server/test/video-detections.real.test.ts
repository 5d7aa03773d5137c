import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { affineModel } from "@millrace/inference/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { markedClip, markOf, missingForClips, redIn } from "./marked-clip.ts";
import { ask } from "./test-server.ts";
import { type Found, type MarkedServer, type Problem, startMarkedServer } from "./video-answers.ts";
import { upload, videoBench } from "./video-server.ts";

const missing = await missingForClips();
if (missing !== undefined)
  process.stdout.write(`skipped video-detections.real.test.ts: ${missing}\n`);

describe.skipIf(missing !== undefined)("videos over HTTP: detections", () => {
  let marked: MarkedServer;
  let bench: MarkedServer["bench"];
  let clip: string;
  let picture: MarkedServer["picture"];
  let server: MarkedServer["server"];
  let stats: MarkedServer["stats"];

  beforeAll(async () => {
    marked = await startMarkedServer();
    ({ bench, clip, picture, server, stats } = marked);
  }, 120_000);

  afterAll(async () => {
    await marked?.[Symbol.asyncDispose]();
  });

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
    // Decoded before, so that frames wait for the model and the model never for a frame.
    for (let frame = 0; frame < 60; frame++)
      await picture(`/v1/videos/batches/frames/${frame}.jpg`);
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
