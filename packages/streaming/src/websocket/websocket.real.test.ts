import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { jpegTurbo } from "@millrace/media/jpeg-turbo";
import { nodeAv } from "@millrace/media/node-av";
import { expectNoOpenFrames } from "@millrace/media/testing";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  expectTrueFrames,
  openPlayPage,
  PLAY_PAGE,
  pageScript,
  printAges,
} from "../../test/browser/play-page.ts";
import { missingBrowser, startBrowser } from "../../test/stream-page.ts";
import { createFrameHub } from "../hub/frame-hub.ts";
import { mjpeg } from "../mjpeg/mjpeg.ts";
import { testPattern } from "../pattern/test-pattern.ts";
import { type WebsocketPublication, websocket } from "./websocket.ts";

if (missingBrowser !== undefined) console.warn(`skipped: ${missingBrowser}`);

describe.skipIf(missingBrowser !== undefined)("players in Chromium", { timeout: 90_000 }, () => {
  const size = { width: 320, height: 180 };
  const media = nodeAv({ workers: 1 });
  const hub = createFrameHub(testPattern({ ...size, sound: true }), {
    images: jpegTurbo({ scaler: media.scaler }),
    video: media.videoEncoder,
    audio: media.audioEncoder,
    lingerMs: 0,
  });
  let browser: Browser;
  let script: string;
  let server: Server;
  let sockets: WebsocketPublication;
  const pictures = mjpeg().publish(hub);

  const listen = async (port: number): Promise<void> => {
    sockets = websocket().publish(hub);
    server = createServer((request, response) => {
      if (request.url === "/page.js") {
        response.writeHead(200, { "content-type": "text/javascript" }).end(script);
      } else if (request.url?.startsWith("/mjpeg")) void pictures.handle(request, response);
      else if (request.url?.startsWith("/ws")) void sockets.handle(request, response);
      else response.writeHead(200, { "content-type": "text/html" }).end(PLAY_PAGE);
    });
    server.on("upgrade", sockets.upgrade);
    await new Promise<void>((done) => server.listen(port, "127.0.0.1", done));
  };
  const portOf = (): number => (server.address() as AddressInfo).port;
  const open = async () => await openPlayPage(browser, `http://127.0.0.1:${portOf()}/`);

  beforeAll(async () => {
    [browser, script] = await Promise.all([startBrowser(), pageScript()]);
    await listen(0);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await sockets?.close();
    await pictures.close();
    await hub.close();
    server?.closeAllConnections();
    server?.close();
    await media.close();
    expectNoOpenFrames();
  });

  afterEach(async () => {
    // A test that failed leaves its page behind.
    for (const context of browser?.contexts() ?? []) await context.close();
    await expect.poll(() => hub.stats().renditions).toEqual([]);
  });

  it.each(["jpeg", "h264", "vp8"] as const)(
    "shows the frames that were sent, in order, with their boxes: %s",
    async (codec) => {
      const page = await open();
      const { webSocket } = await page.call("supported");
      // Skipped by name where the browser was built without it; the others are in every build.
      if (codec === "h264" && !webSocket.h264) {
        console.warn("skipped: this Chromium decodes no H.264");
        return;
      }
      const id = await page.call("play", { kind: "websocket", url: "/ws", codec });
      const seen = await page.watch(id, 60);
      expectTrueFrames(seen, size);
      expect(seen.every(({ sequence }) => sequence !== null)).toBe(true);
      printAges(`websocket ${codec}`, seen.slice(5));
      const stats = await page.call("stats", id);
      expect(stats?.state).toBe("live");
      console.info(stats);
      const [viewer] = await new Promise<readonly { stats(): object }[]>((done) =>
        sockets.viewers$.subscribe(done).unsubscribe(),
      );
      expect(viewer?.stats()).toMatchObject({ isAgeAcknowledged: true, state: "live" });
      console.info(viewer?.stats());
      await page.call("close", id);
      await page.page.close();
    },
  );

  it.each([
    ["on a canvas", false],
    ["in an <img>", true],
  ])("shows pictures of mjpeg that were read by fetch, %s", async (_, isImage) => {
    const page = await open();
    const id = await page.call("play", { kind: "mjpeg", url: "/mjpeg", isImage });
    const seen = await page.watch(id, 60);
    const numbers = seen.map(({ number }) => number);
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => (one ?? 0) - (other ?? 0)));
    expectTrueFrames(seen, size);
    expect(seen.every(({ sequence }) => sequence !== null)).toBe(true);
    printAges("mjpeg by fetch", seen.slice(5));
    expect(await page.page.locator("img").count()).toBe(isImage ? 1 : 0);
    expect(await page.call("stats", id)).toMatchObject({ state: "live" });
    await page.call("close", id);
    await page.page.close();
  });

  it.each(["opus", "pcm"])("sounds %s, with the beeps in it", async (sound) => {
    const page = await open();
    const withoutOpus =
      sound === "pcm" ? "delete globalThis.EncodedAudioChunk, delete globalThis.AudioDecoder" : "0";
    await page.page.evaluate(withoutOpus);
    const id = await page.call("play", {
      kind: "websocket",
      url: "/ws",
      codec: "vp8",
      audio: true,
    });
    // A beep a second, of a quarter of full loudness.
    const loudest = async (): Promise<number> => Math.max(0, ...(await page.call("heard", id)));
    await expect.poll(loudest).toBeGreaterThan(0.2);
    expect(await loudest()).toBeLessThan(0.35);
    const silent = async (): Promise<number> =>
      (await page.call("heard", id)).filter((level) => level < 0.01).length;
    await expect.poll(silent).toBeGreaterThan(5);
    expect(hub.stats().renditions.includes("opus")).toBe(sound === "opus");
    await page.call("close", id);
    await page.page.close();
    await expect.poll(() => hub.stats().renditions).toEqual([]);
  });

  it("goes on when the server has been started anew", async () => {
    const page = await open();
    const id = await page.call("play", { kind: "websocket", url: "/ws", codec: "jpeg" });
    const before = (await page.watch(id, 10)).length;
    const port = portOf();
    const stopped = new Promise((done) => server.close(done));
    server.closeAllConnections();
    await sockets.close();
    await stopped;
    await listen(port);
    const seen = await page.watch(id, before + 30);
    expectTrueFrames(seen, size);
    const states = await page.call("states", id);
    expect(states.map((state) => state.split(":")[0])).toEqual(["live", "reconnecting", "live"]);
    await page.call("close", id);
    await page.page.close();
  });
});
