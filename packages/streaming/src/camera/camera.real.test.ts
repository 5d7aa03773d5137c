import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { ffmpeg } from "@millrace/media/ffmpeg";
import { jpegTurbo } from "@millrace/media/jpeg-turbo";
import { expectNoOpenFrames } from "@millrace/media/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { serveMjpeg } from "../../test/serve-mjpeg.ts";
import { createFrameHub } from "../hub/frame-hub.ts";
import { mjpeg } from "../mjpeg/mjpeg.ts";
import { readPatternMarks } from "../pattern/pattern-marks.ts";
import { testPattern } from "../pattern/test-pattern.ts";
import { type CameraSource, type CameraState, cameraSource } from "./camera-source.ts";

const has = (program: string, ...args: string[]): boolean =>
  spawnSync(program, args, { stdio: "ignore" }).status === 0;
const PYTHON = "/usr/bin/python3";
const hasFfmpeg = has("ffmpeg", "-version");
const RTSP_SERVER = `
import sys, gi
gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer, GLib
Gst.init(None)
server = GstRtspServer.RTSPServer(); server.set_address("127.0.0.1"); server.set_service("0")
factory = GstRtspServer.RTSPMediaFactory(); factory.set_shared(True)
factory.set_launch("( filesrc location=%s ! matroskademux ! h264parse ! rtph264pay name=pay0 )" % sys.argv[1])
server.get_mount_points().add_factory("/live", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
`;
const hasRtsp = has(
  PYTHON,
  "-c",
  'import gi\ngi.require_version("GstRtspServer","1.0")\nfrom gi.repository import Gst, GstRtspServer\nGst.init(None)\nassert all(Gst.ElementFactory.find(e) for e in ("matroskademux","h264parse","rtph264pay"))',
);
if (!hasFfmpeg) console.warn("skipped: no ffmpeg: apt-get install ffmpeg");
if (!hasRtsp) {
  console.warn(
    "skipped, RTSP: no GStreamer server: apt-get install python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-bad",
  );
}

const SIZE = { width: 320, height: 180, framerate: 15 };
const { capture } = ffmpeg();

afterEach(() => expect.poll(() => expectNoOpenFrames()).toBeUndefined());

interface Watcher {
  readonly numbers: number[];
  readonly times: number[];
  readonly states: CameraState[];
  readonly over: Promise<unknown>;
  leave(): Promise<void>;
}

/** Watches a camera; numbers are read from the pixels. */
function watch(camera: CameraSource): Watcher {
  const numbers: number[] = [];
  const times: number[] = [];
  const states: CameraState[] = [];
  const over = Promise.withResolvers<unknown>();
  camera.state$.subscribe((state) => states.push(state));
  const subscription = camera.video$.subscribe({
    next(frame) {
      const { data, codedWidth, codedHeight, timestamp } = frame;
      const marks = readPatternMarks(
        codedWidth,
        codedHeight,
        (x, y) => data[y * codedWidth + x] ?? 0,
      );
      numbers.push(marks?.number ?? -1);
      times.push(timestamp);
    },
    error: over.resolve,
    complete: () => over.resolve("complete"),
  });
  return {
    ...{ numbers, times, states },
    over: over.promise,
    async leave() {
      subscription.unsubscribe();
      await expect.poll(() => states.at(-1)?.kind).toBe("idle");
    },
  };
}

function expectRising(numbers: readonly number[]): void {
  expect(numbers).not.toContain(-1);
  expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
}

/** Our pattern, served by ffmpeg or as a file, must first get into it. */
async function encoded(folder: string, seconds: number): Promise<string> {
  const path = join(folder, "pattern.mkv");
  await using served = await serveMjpeg(testPattern(SIZE));
  const input = ["-f", "mpjpeg", "-use_wallclock_as_timestamps", "1", "-i", served.url];
  const child = spawn("ffmpeg", [
    ...["-v", "error", "-nostdin", "-y", ...input, "-t", String(seconds)],
    ...["-c:v", "libx264", "-preset", "ultrafast", "-g", "15", "-pix_fmt", "yuv420p", path],
  ]);
  const status = await new Promise((resolve) => child.once("exit", resolve));
  expect(status).toBe(0);
  return path;
}

describe.skipIf(!hasFfmpeg)("a camera", () => {
  let folder: string;
  let clip: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-camera-"));
    clip = await encoded(folder, 4);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each(["browser", "length"])("that sends MJPEG, framing=%s", async (framing) => {
    await using served = await serveMjpeg(testPattern(SIZE));
    const seen = watch(cameraSource(`${served.url}?framing=${framing}`, { capture }));
    await expect.poll(() => seen.numbers.length).toBeGreaterThan(20);
    await seen.leave();
    expectRising(seen.numbers);
    expectRising(seen.times);
  });

  it("whose server dies and comes back is come back to: numbers and times rise", async () => {
    const hub = createFrameHub(testPattern(SIZE), { images: jpegTurbo(), lingerMs: 60_000 });
    const publication = mjpeg().publish(hub);
    const serve = async (port: number): Promise<Server> => {
      const server = createServer((request, response) => publication.handle(request, response));
      await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
      return server;
    };
    const first = await serve(0);
    const { port } = first.address() as AddressInfo;
    const url = `http://me:secret@127.0.0.1:${port}/live`;
    const seen = watch(cameraSource(url, { capture, reconnect: { firstMs: 100, mostMs: 400 } }));
    await expect.poll(() => seen.numbers.length).toBeGreaterThan(5);
    first.closeAllConnections();
    await new Promise((done) => first.close(done));
    await expect
      .poll(() => seen.states.filter(({ kind }) => kind === "waiting").length)
      .toBeGreaterThan(1);
    const before = seen.numbers.length;
    const second = await serve(port);
    await expect.poll(() => seen.numbers.length).toBeGreaterThan(before + 5);
    await seen.leave();
    await publication.close();
    await hub.close();
    second.close();
    expectRising(seen.numbers);
    expectRising(seen.times);
    expect(JSON.stringify(seen.states)).not.toContain("secret");
  });

  it("that is a file gives it at its pace, to the end", async () => {
    const url = pathToFileURL(clip);
    const seen = watch(cameraSource(url, { capture, protocols: ["file"] }));
    expect(await seen.over).toBe("complete");
    expectRising(seen.numbers);
    expect(seen.numbers.length).toBeGreaterThan(20);
    expect(seen.states.at(-1)).toEqual({ kind: "ended" });
  });

  it("that sends HLS, in pieces of seconds", async () => {
    const list = join(folder, "live.m3u8");
    const maker = spawn("ffmpeg", [
      ...["-v", "error", "-nostdin", "-re", "-stream_loop", "-1", "-i", clip, "-c", "copy"],
      ...["-f", "hls", "-hls_time", "1", "-hls_list_size", "6", list],
    ]);
    const server = createServer((request, response) => {
      const name = basename((request.url ?? "").split("?")[0] ?? "");
      readFile(join(folder, name)).then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/live.m3u8`;
    try {
      const seen = watch(
        cameraSource(url, { capture, reconnect: { firstMs: 200, mostMs: 1_000 } }),
      );
      await expect.poll(() => seen.numbers.length, { timeout: 40_000 }).toBeGreaterThan(20);
      await seen.leave();
      expectRising(seen.numbers.slice(0, 20));
      expectRising(seen.times);
    } finally {
      await stop(maker);
      server.closeAllConnections();
      server.close();
    }
  });

  it("that is a device", async () => {
    const device = { device: "testsrc2=size=160x120:rate=20", format: "lavfi" };
    const seen = watch(cameraSource(device, { capture, framerate: 10 }));
    await expect.poll(() => seen.times.length).toBeGreaterThan(5);
    await seen.leave();
    expect(seen.times.slice(0, 4)).toEqual([0, 100_000, 200_000, 300_000]);
  });

  it.skipIf(!hasRtsp)("that speaks RTSP", async () => {
    const server = spawn(PYTHON, ["-c", RTSP_SERVER, clip], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const port = await new Promise<string>((resolve, reject) => {
        server.stdout.once("data", (bytes: Buffer) => resolve(bytes.toString().trim()));
        server.once("exit", reject);
      });
      const seen = watch(cameraSource(`rtsp://127.0.0.1:${port}/live`, { capture }));
      await expect.poll(() => seen.numbers.length, { timeout: 40_000 }).toBeGreaterThan(20);
      await seen.leave();
      expectRising(seen.numbers);
      expectRising(seen.times);
    } finally {
      await stop(server);
    }
  });

  it("leaves no process behind", async () => {
    const { stdout } = spawnSync("pgrep", ["-P", String(process.pid), "ffmpeg"], {
      encoding: "utf8",
    });
    expect(stdout).toBe("");
  });
});

async function stop(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}
