import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MillraceError } from "@millrace/core";
import { afterEach, describe, expect, test } from "vitest";
import type { CaptureOptions } from "../capture/capture.ts";
import { expectNoOpenFrames } from "../testing/expect-no-open-frames.ts";
import { missingProgram } from "../testing/missing-program.ts";
import { runProgram } from "../testing/run-program.ts";
import { ffmpeg } from "./ffmpeg.ts";
import { captureCommand } from "./ffmpeg-capture.ts";

const missing = missingProgram("ffmpeg");
const LAVFI = { device: "testsrc2=size=160x120:rate=20", format: "lavfi" };

afterEach(() => expectNoOpenFrames());

async function times(options: CaptureOptions, most = Number.POSITIVE_INFINITY): Promise<number[]> {
  await using capture = await ffmpeg().capture.open(options);
  const seen: number[] = [];
  for await (const frame of capture.frames) {
    seen.push(frame.timestamp);
    frame.close();
    if (seen.length >= most) break;
  }
  return seen;
}

describe.skipIf(missing !== "")(`capture with ffmpeg${missing}`, () => {
  test("frames come with their own times and the size that was asked for", async () => {
    await using capture = await ffmpeg().capture.open({
      ...LAVFI,
      isPaced: true,
      width: 80,
      height: 60,
    });
    const seen: number[] = [];
    for await (const frame of capture.frames) {
      expect([frame.codedWidth, frame.codedHeight]).toEqual([80, 60]);
      seen.push(frame.timestamp);
      frame.close();
      if (seen.length === 5) break;
    }
    // A busy machine may be late for frames that the source has at their own times: each that is missing was counted.
    const numbers = seen.map((time) => time / 50_000);
    expect(numbers).toEqual(
      [...new Set(numbers.map(Math.floor))].sort((one, other) => one - other),
    );
    expect((numbers.at(-1) ?? 0) + 1 - numbers.length).toBeLessThanOrEqual(capture.framesDropped);
  });

  test("a receiver that is slow loses the oldest", async () => {
    await using capture = await ffmpeg().capture.open(LAVFI);
    const seen: number[] = [];
    for await (const frame of capture.frames) {
      seen.push(frame.timestamp);
      frame.close();
      await new Promise((resolve) => setTimeout(resolve, 40));
      if (seen.length === 10) break;
    }
    expect(seen).toEqual([...new Set(seen)].sort((one, other) => one - other));
    expect(capture.framesDropped).toBeGreaterThan(0);
  });

  test("a file ends; without its protocol it is not opened", async () => {
    const folder = await mkdtemp(join(tmpdir(), "millrace-capture-"));
    try {
      const url = join(folder, "clip.mp4");
      const source = ["-f", "lavfi", "-i", LAVFI.device, "-frames:v", "6"];
      await runProgram("ffmpeg", ["-v", "error", ...source, url]);
      expect(await times({ url, protocols: ["file"], isPaced: true })).toHaveLength(6);
      await expect(times({ url, protocols: ["http"] })).rejects.toMatchObject({
        code: "REMOTE_FAILED",
        retryable: true,
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("a proxy of its environment is asked for what it reads", async () => {
    const asked: string[] = [];
    const proxy = createServer((socket) => {
      socket.on("data", (bytes) => {
        asked.push(String(bytes).split("\r\n")[0] ?? "");
        socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
      });
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => proxy.once("listening", resolve));
    const { port } = proxy.address() as { port: number };
    // Where an exception to the proxy stands, it is taken away by an empty one.
    const environment = { ...process.env, http_proxy: `http://127.0.0.1:${port}`, no_proxy: "" };
    for (const [scheme, protocols] of [
      ["http", ["http", "tcp"]],
      ["https", ["https", "http", "tls", "tcp", "httpproxy"]],
    ] as const) {
      const url = `${scheme}://camera.invalid/live`;
      await expect(times({ url, protocols, environment })).rejects.toMatchObject({
        code: "REMOTE_FAILED",
      });
    }
    proxy.close();
    expect(asked[0]).toMatch(/^GET http:\/\/camera\.invalid(:80)?\/live /);
    expect(asked.at(-1)).toMatch(/^CONNECT camera\.invalid:443 /);
  });

  test("an address that nobody answers is told without its password", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const url = `http://me:secret@127.0.0.1:${port}/live?token=hidden`;
    const failure = await times({ url, protocols: ["http", "tcp"] }).catch(
      (error: unknown) => error,
    );
    expect(MillraceError.is(failure) && failure.code).toBe("REMOTE_FAILED");
    expect(String(failure)).toMatch(/\*\*\*@127\.0\.0\.1.*refused/s);
    expect(String(failure)).not.toMatch(/secret|hidden/);
  });

  test("an abort ends it with its reason, and so does closing, without one", async () => {
    const controller = new AbortController();
    const capture = await ffmpeg().capture.open({ ...LAVFI, signal: controller.signal });
    const read = async (): Promise<void> => {
      for await (const frame of capture.frames) {
        frame.close();
        controller.abort(new Error("enough"));
      }
    };
    await expect(read()).rejects.toThrow("enough");
    const other = await ffmpeg().capture.open(LAVFI);
    await other.close();
    expect(await Array.fromAsync(other.frames)).toEqual([]);
  });
});

test.each<[CaptureOptions, RegExp]>([
  [{}, /url or a device/],
  [{ url: "rtsp://a", device: "b" }, /not both/],
  [{ device: "a\0b" }, /no source/],
  [{ device: "a", width: 10 }, /width and height/],
  [{ device: "a", framerate: -1 }, /framerate/],
])("what cannot be opened is refused before anything is started: %j", async (options, message) => {
  const opened = ffmpeg({ path: "/nothing" }).capture.open(options);
  await expect(opened).rejects.toMatchObject({ code: "INVALID_OPTION" });
  await expect(opened).rejects.toThrow(message);
});

test("a device is asked for its size and rate, an address is only scaled", () => {
  const wishes = { width: 640, height: 480, framerate: 15 };
  const device = captureCommand({ device: "/dev/video0", format: "v4l2", ...wishes }).join(" ");
  expect(device).toMatch(/-f v4l2 .*-framerate 15 -video_size 640x480 .*-i \/dev\/video0/);
  const address = captureCommand({ url: "rtsp://a/b", protocols: ["rtsp", "tcp"], ...wishes }).join(
    " ",
  );
  expect(address).toMatch(/-protocol_whitelist rtsp,tcp .*-rtsp_transport tcp .*-i rtsp:\/\/a\/b/);
  expect(address).not.toMatch(/-video_size|-framerate/);
});
