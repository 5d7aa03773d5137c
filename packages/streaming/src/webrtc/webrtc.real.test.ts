import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { nodeAv } from "@millrace/media/node-av";
import { expectNoOpenFrames } from "@millrace/media/testing";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  missingBrowser,
  type SeenFrame,
  startBrowser,
  teachMarks,
} from "../../test/stream-page.ts";
import { WHEP_PAGE } from "../../test/whep-page.ts";
import { createFrameHub } from "../hub/frame-hub.ts";
import { testPattern } from "../pattern/test-pattern.ts";
import { werift } from "../werift/werift.ts";
import { webrtc } from "./webrtc.ts";

if (missingBrowser !== undefined) console.warn(`skipped: ${missingBrowser}`);

describe.skipIf(missingBrowser !== undefined)("a <video> in Chromium over WHEP", () => {
  let browser: Browser;
  let server: Server;
  const media = nodeAv({ workers: 1 });
  const hub = createFrameHub(testPattern({ width: 640, height: 360 }), {
    video: media.videoEncoder,
    lingerMs: 0,
  });
  const publication = webrtc({ peers: werift(), hostAddresses: ["127.0.0.1"] }).publish(hub);

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
    const seen = await watch(page, 60);
    const numbers = seen.map(({ number }) => number);
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
    const ages = seen.map(({ ageMs }) => ageMs).sort((one, other) => one - other);
    const marks = await page.evaluate(
      "[window.answered, window.firstFrame, window.messages.length]",
    );
    console.info(`${codec} ages: p50 ${ages[30]} ms, p95 ${ages[57]} ms`, marks);
    const [viewer] = publication.sessions;
    console.info(viewer?.stats());
    expect(viewer?.stats().rendition).toContain(codec);
    await page.evaluate('fetch(window.session, { method: "DELETE" })');
    expect(publication.sessions).toHaveLength(0);
    await page.close();
  });
});
