import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { nodeAv } from "@millrace/media/node-av";
import { expectNoOpenFrames } from "@millrace/media/testing";
import type { Browser } from "playwright-core";
import { bufferCount, firstValueFrom } from "rxjs";
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
import { testPattern } from "../pattern/test-pattern.ts";
import type { WebrtcViewer } from "../webrtc/session/webrtc-viewer.ts";
import { type WebrtcPublication, webrtc } from "../webrtc/webrtc.ts";
import { werift } from "../werift/werift.ts";

if (missingBrowser !== undefined) console.warn(`skipped: ${missingBrowser}`);

describe.skipIf(missingBrowser !== undefined)("playWebRtc in Chromium", { timeout: 90_000 }, () => {
  // Small and slow, so that a busy machine shows most of the frames.
  const size = { width: 320, height: 180 };
  const media = nodeAv({ workers: 1 });
  const hub = createFrameHub(testPattern({ ...size, framerate: 15 }), {
    video: media.videoEncoder,
    lingerMs: 0,
  });
  const transport = webrtc({ peers: werift(), hostAddresses: ["127.0.0.1"] });
  const methods: string[] = [];
  let publication = transport.publish(hub) as WebrtcPublication;
  let browser: Browser;
  let server: Server;
  let script: string;

  beforeAll(async () => {
    [browser, script] = await Promise.all([startBrowser(), pageScript()]);
    server = createServer((request, response) => {
      if (request.url?.startsWith("/whep")) {
        response.once("finish", () => methods.push(`${request.method} ${response.statusCode}`));
        void publication.handle(request, response);
      } else if (request.url === "/page.js") {
        response.writeHead(200, { "content-type": "text/javascript" }).end(script);
      } else {
        response.writeHead(200, { "content-type": "text/html" }).end(PLAY_PAGE);
      }
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await publication.close();
    await hub.close();
    server?.closeAllConnections();
    server?.close();
    await media.close();
    expectNoOpenFrames();
  });
  afterEach(async () => {
    // A test that failed leaves its page behind.
    for (const context of browser?.contexts() ?? []) await context.close();
    await expect.poll(() => publication.sessions.length).toBe(0);
  });
  const open = async () =>
    await openPlayPage(browser, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);

  it.each(["h264", "vp8"] as const)(
    "shows frames in order with their boxes, and tells the server how old they are: %s",
    async (codec) => {
      methods.length = 0;
      const page = await open();
      const id = await page.call("play", { kind: "webrtc", url: "/whep", codec });
      const seen = await page.watch(id, 60);
      printAges(`webrtc ${codec}`, seen);
      // The first ones come before the channel of the data is open.
      expectTrueFrames(seen, size, true);
      expect(seen.filter(({ boxes }) => boxes.length > 0).length).toBeGreaterThan(20);
      const [viewer] = publication.sessions;
      await expect.poll(() => viewer?.stats().isAgeAcknowledged).toBe(true);
      console.info(viewer?.stats().frameAgeMs, await page.call("stats", id), methods);
      expect(methods).toContain("POST 201");
      await page.call("close", id);
      await expect.poll(() => publication.sessions.length).toBe(0);
      expect(methods).toContain("DELETE 200");
      await page.page.close();
    },
  );

  it("sends what the microphone hears to a stream that has no sound itself", async () => {
    const page = await open();
    await page.call("openMicrophone");
    const id = await page.call("play", { kind: "webrtc", url: "/whep", microphone: true });
    await page.watch(id, 5);
    const [viewer] = publication.sessions;
    const sounds = await firstValueFrom((viewer as WebrtcViewer).sound$.pipe(bufferCount(20)));
    expect(new Set(sounds.map(({ duration }) => duration))).toEqual(new Set([20_000]));
    await page.call("close", id);
    await page.page.close();
  });

  it("ends its session when the page is left", async () => {
    const page = await open();
    const id = await page.call("play", { kind: "webrtc", url: "/whep" });
    await page.watch(id, 5);
    expect(publication.sessions.length).toBe(1);
    methods.length = 0;
    await page.page.goto("about:blank");
    await expect.poll(() => methods).toContain("DELETE 200");
    await page.page.close();
  });

  it("comes again when the server has been started anew", async () => {
    const page = await open();
    const id = await page.call("play", { kind: "webrtc", url: "/whep" });
    const before = (await page.watch(id, 10)).length;
    await publication.close();
    publication = transport.publish(hub) as WebrtcPublication;
    await page.page.waitForFunction(`streamTest.count(${id}) >= ${before + 20}`, undefined, {
      timeout: 30_000,
    });
    const states = (await page.call("states", id)).map((state) => state.split(":")[0]);
    expect(states).toEqual(["live", "reconnecting", "live"]);
    await page.call("close", id);
    await page.page.close();
  });
});
