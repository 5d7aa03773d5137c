import { spawn } from "node:child_process";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expectNoOpenFrames } from "@millrace/media/testing";
import { afterEach, describe, expect, it } from "vitest";
import { jpegMarks } from "../../test/jpeg-marks.ts";
import { type MjpegClient, mjpegClient } from "../../test/mjpeg-client.ts";
import { type ServedMjpeg, serveMjpeg } from "../../test/serve-mjpeg.ts";
import { testPattern } from "../pattern/test-pattern.ts";
import type { PublicationStats } from "../transport.ts";

const SIZE = { width: 640, height: 360, framerate: 15, noise: 0.3 };

afterEach(() => expect.poll(() => expectNoOpenFrames()).toBeUndefined());

const stateOf = async ({ url }: ServedMjpeg): Promise<PublicationStats> =>
  (await (await fetch(`${url}/state`)).json()) as PublicationStats;

/** Reads a tenth of what would come, in small pieces. */
function readSlowly(client: MjpegClient, bytesPerSecond: number): () => void {
  const { response } = client;
  const timer = setInterval(() => {
    let left = bytesPerSecond / 20;
    while (left > 0) {
      const piece: Buffer | null = response.read(Math.min(left, response.readableLength || 1));
      if (!piece) return;
      left -= piece.length;
    }
  }, 50);
  return () => clearInterval(timer);
}

describe("a fast viewer", () => {
  it("gets every frame, whatever the others do: one slow, one that stands still, one killed", async () => {
    await using served = await serveMjpeg(testPattern(SIZE), { stallMs: 2_000 });
    const fast = await mjpegClient(served.url);
    const slow = await mjpegClient(served.url, { isPaused: true });
    const stopReading = readSlowly(slow, 30_000);
    const still = await mjpegClient(served.url, { isPaused: true });
    const killed = spawn("curl", ["-s", "-o", "/dev/null", "--limit-rate", "10k", served.url]);
    const exited = new Promise((resolve) => killed.once("exit", resolve));
    await expect.poll(async () => (await stateOf(served)).viewers.length).toBe(4);
    // What was made while the fast one watched; the pattern leaves out numbers on a busy machine.
    const made: number[] = [];
    const making = served.hub
      .pictures()
      .frames$.subscribe(({ data }) => made.push(jpegMarks(data)?.number ?? -1));
    await expect.poll(() => fast.numbers.length, { timeout: 30_000 }).toBeGreaterThan(30);
    killed.kill("SIGKILL");
    await exited;
    // The one that stands still is sent away when the system's buffers for it are full and stay so.
    await expect.poll(() => fast.numbers.length, { timeout: 60_000 }).toBeGreaterThan(75);
    making.unsubscribe();
    const { viewers } = await stateOf(served);
    stopReading();
    await expect.poll(() => fast.numbers).toEqual(expect.arrayContaining(made));
    expect(fast.numbers).toEqual([...new Set(fast.numbers)].sort((one, other) => one - other));
    for (const one of viewers) {
      console.info(
        `${one.state} ${one.rendition}: ${one.framesSent} sent, ${one.framesDropped} dropped, ` +
          `age ${one.frameAgeMs?.p50.toFixed(0)} ms, ${one.fps} fps`,
      );
    }
    await Promise.all([fast, slow, still].map((client) => client.leave()));
    await expect.poll(async () => (await stateOf(served)).viewers).toEqual([]);
  });
});

it("a viewer that takes nothing is sent away", async () => {
  const served = await serveMjpeg(testPattern({ ...SIZE, width: 1280, height: 720, noise: 1 }), {
    stallMs: 500,
    pictures: { quality: 95 },
  });
  await using _ = served;
  const { port, pathname } = new URL(served.url);
  const socket = connect(Number(port), "127.0.0.1");
  socket.on("error", () => {});
  socket.pause();
  socket.write(`GET ${pathname} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await expect.poll(async () => (await stateOf(served)).viewers.length).toBe(1);
  await expect
    .poll(async () => (await stateOf(served)).viewers.length, { timeout: 50_000, interval: 200 })
    .toBe(0);
  await expect.poll(() => served.hub.stats().renditions).toEqual([]);
  socket.destroy();
});

it("200 come and go, and nothing is left of them", async () => {
  await using served = await serveMjpeg(testPattern({ ...SIZE, width: 320, height: 180 }));
  const handles = (): number =>
    process
      .getActiveResourcesInfo()
      .filter((kind) => kind === "Timeout" || kind === "TCPSocketWrap").length;
  const visit = async (): Promise<void> => {
    const client = await mjpegClient(served.url);
    await sleep(Math.random() * 20);
    await client.leave();
  };
  await visit();
  await expect.poll(() => served.hub.stats().renditions).toEqual([]);
  await sleep(50);
  const before = handles();
  for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 10 }, visit));
  await expect.poll(() => served.hub.stats().renditions).toEqual([]);
  // Connections of the test's own questions are kept for a while.
  await expect.poll(handles).toBeLessThanOrEqual(before + 5);
  expect(await stateOf(served)).toMatchObject({ viewersTotal: 201, viewers: [] });
});
