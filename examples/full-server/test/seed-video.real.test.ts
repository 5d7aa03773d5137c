import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../src/index.ts";
import { barcodeOf, markedClip, markModel, missingForClips } from "./marked-clip.ts";
import { ask } from "./test-server.ts";
import { upload, type VideoBench, videoBench } from "./video-server.ts";

const missing = await missingForClips();
if (missing !== undefined) process.stdout.write(`skipped seed-video.real.test.ts: ${missing}\n`);

const SECONDS = /^\d+\.\d{3}s$/;
const PATH = "/api/gpu/video/upload";

describe.skipIf(missing !== undefined)("the paths of the GPU video API", () => {
  let bench: VideoBench;
  let server: RunningServer;

  beforeAll(async () => {
    bench = await videoBench();
    server = await bench.start({ videoModel: await markModel(bench.folder) });
  });
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]();
  });

  it("upload, look at, count in, and delete a video", async () => {
    const { status, body } = await upload(server, await markedClip(), "ultra_video", PATH);
    expect(status).toBe(200);
    expect(body).toEqual({
      status: "success",
      id: "ultra_video",
      fps: 30,
      duration: 2,
      total_frames: 60,
      resolution: "192x128",
      index_size: 60,
      index_time: expect.stringMatching(SECONDS),
      gpu_enabled: false,
      device: "cpu",
    });
    const { body: info } = await ask(`${server.url}/api/gpu/video/ultra_video/info`);
    expect(info).toEqual({
      ...{ id: "ultra_video", fps: 30, duration: 2, total_frames: 60, resolution: "192x128" },
      ...{ index_entries: 60, keyframes: 4, gpu_accelerated: false, device: "cpu" },
      cache_size: expect.any(Number),
    });

    const url = `${server.url}/api/gpu/video/ultra_video/frame?t=1.2&inference=True&quality=90`;
    const statuses: (string | null)[] = [];
    for (let turn = 0; turn < 2; turn++) {
      const answer = await fetch(url);
      expect(await barcodeOf(await answer.bytes())).toBe(36);
      const { headers } = answer;
      statuses.push(headers.get("x-cache-status"));
      expect(headers.get("x-count")).toBe("1");
      expect(headers.get("x-gpu-enabled")).toBe("False");
      expect(headers.get("cache-control")).toBe("no-cache, no-store, must-revalidate");
      const spans = headers.get("server-timing") ?? "";
      for (const [header, span] of [
        ["x-processing-time", "total"],
        ["x-inference-time", "infer"],
        ["x-encode-time", "encode"],
      ] as const) {
        // One truth: the header is the span, in seconds.
        const ms = Number(new RegExp(`${span};dur=([\\d.]+)`).exec(spans)?.[1]);
        expect(headers.get(header)).toBe(`${(ms / 1000).toFixed(3)}s`);
      }
      const inferred = Number.parseFloat(headers.get("x-inference-time") ?? "");
      if (turn === 1) expect(inferred).toBe(0);
    }
    expect(statuses).toEqual(["MISS", "HIT"]);

    const times = [0.5, 1.0, 99, 1.5, -3];
    const { body: batch } = await ask<{
      results: Record<string, number | string>[];
      processed_frames: number;
      batch_size: number;
    }>(`${server.url}/api/gpu/video/ultra_video/batch_inference`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(times),
    });
    expect(batch).toMatchObject({
      ...{ status: "success", processed_frames: 3, gpu_device: "cpu" },
      processing_time: expect.stringMatching(SECONDS),
    });
    expect(batch.results.map(({ timestamp }) => timestamp)).toEqual(times);
    for (const [at, frame] of [15, 30, undefined, 45].entries()) {
      if (frame === undefined) continue;
      expect(batch.results[at]).toMatchObject({ frame, detections: 1 });
      expect(batch.results[at]?.["confidence"]).toBeGreaterThan(0.8);
      // A duration, and not the time of day.
      expect(batch.results[at]?.["processing_time"]).toBeLessThan(60);
    }
    for (const at of [2, 4]) expect(batch.results[at]?.["error"]).toContain("NOT_FOUND");

    const { body: stats } = await ask<Record<string, Record<string, unknown>>>(
      `${server.url}/api/gpu/stats`,
    );
    expect(stats).toMatchObject({
      api_stats: { gpu_requests: 0, webrtc_sessions: 0, batch_inferences: 1, cache_hits: 1 },
      gpu_processor: { frames_processed: 2, cache_hit_rate: 0.5, gpu_memory_used: null },
      system_info: { gpu_available: false, gpu_device: "cpu", webrtc_enabled: true },
    });
    expect(stats["gpu_processor"]?.["average_inference_time"]).toMatch(SECONDS);
    expect(Number(stats["gpu_processor"]?.["average_batch_size"])).toBeGreaterThanOrEqual(1);

    const gone = await ask(`${server.url}/api/gpu/video/ultra_video`, { method: "DELETE" });
    expect(gone).toMatchObject({ status: 200, body: { status: "success", id: "ultra_video" } });
    expect((await fetch(url)).status).toBe(404);
  });

  it("say what is not there with 404, not with 500", async () => {
    await upload(server, await markedClip(), "short", PATH);
    for (const path of ["short/frame?t=99", "short/frame?t=-1", "none/frame?t=0", "none/info"]) {
      expect([path, (await fetch(`${server.url}/api/gpu/video/${path}`)).status]).toEqual([
        path,
        404,
      ]);
    }
  });
});
