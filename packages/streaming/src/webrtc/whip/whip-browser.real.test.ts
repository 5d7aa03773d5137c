import { createServer, type Server } from "node:http";
import { nodeAv } from "@millrace/media/node-av";
import { expectNoOpenFrames } from "@millrace/media/testing";
import type { Browser, Page } from "playwright-core";
import { firstValueFrom, NEVER } from "rxjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { opusLevels } from "../../../test/opus-levels.ts";
import { missingBrowser, startBrowser } from "../../../test/stream-page.ts";
import { addressOf } from "../../../test/whep-client.ts";
import { WHEP_PAGE } from "../../../test/whep-page.ts";
import type { EncodedSound } from "../../hub/encoded-frame.ts";
import { createFrameHub } from "../../hub/frame-hub.ts";
import { nodeDataChannel } from "../../node-datachannel/node-datachannel.ts";
import { readPatternMarks } from "../../pattern/pattern-marks.ts";
import { testPattern } from "../../pattern/test-pattern.ts";
import { werift } from "../../werift/werift.ts";
import { webrtc } from "../webrtc.ts";
import { createWhipIngest } from "./whip-ingest.ts";

if (missingBrowser !== undefined) console.warn(`skipped: ${missingBrowser}`);

/** The page sends on what its <video> shows, and what its microphone hears, with nothing of ours in it. */
const publishOn = (codec: string): string => `(async () => {
  const publisher = (window.publisher = new RTCPeerConnection());
  const [picture] = document.querySelector("video").captureStream().getVideoTracks();
  const [voice] = (await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false } })).getAudioTracks();
  const video = publisher.addTransceiver(picture, { direction: "sendonly" });
  const wanted = RTCRtpSender.getCapabilities("video").codecs.filter(({ mimeType }) => mimeType === "video/${codec}");
  if (wanted.length === 0) return 0;
  video.setCodecPreferences(wanted);
  publisher.addTransceiver(voice, { direction: "sendonly" });
  await publisher.setLocalDescription();
  const response = await fetch("/whip", {
    method: "POST",
    headers: { "content-type": "application/sdp" },
    body: publisher.localDescription.sdp,
  });
  window.resource = response.headers.get("location");
  await publisher.setRemoteDescription({ type: "answer", sdp: await response.text() });
  return response.status;
})()`;

describe.skipIf(missingBrowser !== undefined).each([
  ["werift", werift],
  ["node-datachannel", nodeDataChannel],
])("a page of Chromium that publishes by WHIP to %s", { timeout: 60_000 }, (_, peers) => {
  let browser: Browser;
  let server: Server;
  const hostAddresses = ["127.0.0.1"];
  const media = nodeAv({ workers: 2 });
  const hub = createFrameHub(testPattern({ width: 640, height: 360, framerate: 15 }), {
    video: media.videoEncoder,
    lingerMs: 0,
  });
  const publication = webrtc({ peers: werift(), hostAddresses }).publish(hub);
  const ingest = createWhipIngest({ peers: peers(), hostAddresses });

  beforeAll(async () => {
    browser = await startBrowser();
    server = createServer((request, response) => {
      if (request.url?.startsWith("/whep")) void publication.handle(request, response);
      else if (request.url?.startsWith("/whip")) void ingest.handle(request, response);
      else response.writeHead(200, { "content-type": "text/html" }).end(WHEP_PAGE);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  });
  afterAll(async () => {
    await browser?.close();
    await ingest.close();
    await publication.close();
    await hub.close();
    server?.closeAllConnections();
    server?.close();
    await media.close();
    expectNoOpenFrames();
  });

  const open = async (): Promise<Page> => {
    const page = await browser.newPage();
    page.on("pageerror", (error) => console.info(error));
    await page.goto(addressOf(server));
    await page.waitForFunction("window.firstFrame > 0");
    return page;
  };

  it.each([
    ["vp8", "VP8"],
    ["h264", "H264"],
  ])("is taken, seen and heard: %s", async (family, codec) => {
    const page = await open();
    expect(await page.evaluate(publishOn(codec))).toBe(201);
    await expect.poll(async () => (await firstValueFrom(ingest.publishers$)).length).toBe(1);
    const [publisher] = await firstValueFrom(ingest.publishers$);
    const said: EncodedSound[] = [];
    publisher?.sound$.subscribe((sound) => said.push(sound));
    const numbers: number[] = [];
    const decoded = publisher?.decode(media.decoder).video$.subscribe((frame) => {
      const { data, codedWidth, codedHeight, layout } = frame;
      const stride = layout[0]?.stride ?? codedWidth;
      const marks = readPatternMarks(codedWidth, codedHeight, (x, y) => data[y * stride + x] ?? 0);
      if (marks) numbers.push(marks.number);
    });
    await expect.poll(() => numbers.length).toBeGreaterThan(40);
    expect(publisher?.family).toBe(family);
    expect(numbers, "in order").toEqual([...numbers].sort((one, other) => one - other));
    expect(new Set(numbers).size).toBeGreaterThan(20);
    await expect.poll(() => said.length).toBeGreaterThan(100);
    expect(Math.max(...(await opusLevels(said)))).toBeGreaterThan(0.1);
    decoded?.unsubscribe();
    const ended = firstValueFrom(publisher?.closed$ ?? NEVER);
    await page.evaluate('fetch(window.resource, { method: "DELETE" })');
    expect(await ended).toBe("it left");
    await page.close();
  });
});
