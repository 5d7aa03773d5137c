import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { nodeAv } from "@millrace/media/node-av";
import { expectNoOpenFrames } from "@millrace/media/testing";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { opusLevels } from "../../test/opus-levels.ts";
import {
  missingBrowser,
  type SeenFrame,
  startBrowser,
  teachMarks,
} from "../../test/stream-page.ts";
import { WHEP_PAGE } from "../../test/whep-page.ts";
import type { EncodedSound } from "../hub/encoded-frame.ts";
import { createFrameHub } from "../hub/frame-hub.ts";
import { nodeDataChannel } from "../node-datachannel/node-datachannel.ts";
import { testPattern } from "../pattern/test-pattern.ts";
import { werift } from "../werift/werift.ts";
import { webrtc } from "./webrtc.ts";

if (missingBrowser !== undefined) console.warn(`skipped: ${missingBrowser}`);

describe.skipIf(missingBrowser !== undefined).each([
  ["werift", werift],
  ["node-datachannel", nodeDataChannel],
])("a <video> in Chromium over WHEP by %s", (_, peers) => {
  let browser: Browser;
  let server: Server;
  const media = nodeAv({ workers: 1 });
  const hub = createFrameHub(testPattern({ width: 640, height: 360, sound: true }), {
    video: media.videoEncoder,
    audio: media.audioEncoder,
    lingerMs: 0,
  });
  const publication = webrtc({ peers: peers(), hostAddresses: ["127.0.0.1"] }).publish(hub);

  beforeAll(async () => {
    browser = await startBrowser();
    server = createServer((request, response) => {
      if (request.url?.startsWith("/whep")) {
        void publication.handle(request, response);
        return;
      }
      response.setHeader("content-type", "text/html");
      response.end(WHEP_PAGE);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  });
  afterAll(async () => {
    await browser?.close();
    await publication.close();
    await hub.close();
    server?.close();
    await media.close();
    expectNoOpenFrames();
  });

  afterEach(() => {
    for (const session of publication.sessions) session.close();
  });

  const open = async (query = ""): Promise<Page> => {
    const page = await browser.newPage();
    page.on("pageerror", (error) => console.info(error));
    await teachMarks(page);
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${query}`);
    return page;
  };
  const watch = async (page: Page, frames: number): Promise<SeenFrame[]> =>
    await page.evaluate(
      `watchMarks(document.querySelector("video"), ${frames})` as never as () => Promise<
        SeenFrame[]
      >,
    );

  it.each([
    ["h264", "?codec=video/H264"],
    ["vp8", "?codec=video/VP8"],
  ])("shows frames in order and none twice: %s", async (codec, query) => {
    const page = await open(query);
    const seen = await watch(page, 30);
    const numbers = seen.map(({ number }) => number);
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
    const ages = seen.map(({ ageMs }) => ageMs).sort((one, other) => one - other);
    const marks = await page.evaluate(
      "[window.answered, window.firstFrame, window.messages.length]",
    );
    console.info(`${codec} ages: p50 ${ages[15]} ms, p95 ${ages[28]} ms`, marks);
    const [viewer] = publication.sessions;
    console.info(viewer?.stats());
    expect(viewer?.stats().rendition).toContain(codec);
    await page.evaluate('fetch(window.session, { method: "DELETE" })');
    await expect.poll(() => publication.sessions.length).toBe(0);
    await page.close();
  });

  it("is told of by packet, and repaired and paced by that", async () => {
    const page = await open();
    await watch(page, 20);
    const [viewer] = publication.sessions;
    await expect.poll(() => viewer?.stats().rttMs).not.toBeNull();
    await expect.poll(() => viewer?.stats().targetBitrate).toBeGreaterThan(0);
    viewer?.close();
    await expect.poll(() => publication.sessions.length).toBe(0);
    await page.close();
  });

  it("speaks and is heard, both at once", async () => {
    const page = await open("?microphone");
    await expect.poll(() => publication.sessions.length).toBe(1);
    const said: EncodedSound[] = [];
    const [viewer] = publication.sessions;
    viewer?.sound$.subscribe((sound) => said.push(sound));
    await expect.poll(async () => (await soundOf(page)).energy).toBeGreaterThan(0);
    // The microphone beeps once a second.
    await expect.poll(() => said.length).toBeGreaterThan(150);
    const levels = await opusLevels(said);
    expect(Math.max(...levels)).toBeGreaterThan(0.1);
    expect(Math.min(...levels)).toBeLessThan(0.01);
    const nowUs = hub.clock.now();
    expect(nowUs - (said.at(-1)?.timestamp ?? 0)).toBeLessThan(2_000_000);
    const gaps = said.slice(1).map(({ timestamp }, at) => timestamp - (said[at]?.timestamp ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(0);
    expect(new Set(said.map(({ duration }) => duration))).toEqual(new Set([20_000]));
    await page.close();
  });

  it("is heard with its sound, on one clock with the pictures", async () => {
    const page = await open("?audio");
    await watch(page, 30);
    const read = async () => await soundOf(page);
    await expect.poll(async () => (await read()).samples).toBeGreaterThan(48_000);
    await expect.poll(async () => (await read()).energy).toBeGreaterThan(0);
    // It is known only from sender reports of both.
    await expect.poll(async () => Number.isFinite((await read()).apartMs)).toBe(true);
    console.info(await read());
    await page.close();
  });
});

interface PageSound {
  readonly samples: number;
  readonly energy: number;
  readonly apartMs: number;
}

/** What a page says of the sound that it hears. */
async function soundOf(page: Page): Promise<PageSound> {
  return (await page.evaluate(`connection.getStats().then((all) => {
    const of = (kind) => [...all.values()].find((one) => one.type === "inbound-rtp" && one.kind === kind) ?? {};
    const [audio, video] = [of("audio"), of("video")];
    return {
      samples: audio.totalSamplesReceived ?? 0,
      energy: audio.totalAudioEnergy ?? 0,
      apartMs: audio.estimatedPlayoutTimestamp - video.estimatedPlayoutTimestamp,
    };
  })`)) as PageSound;
}
