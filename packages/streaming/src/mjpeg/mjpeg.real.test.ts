import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { jpegTurbo } from "@millrace/media/jpeg-turbo";
import { expectNoOpenFrames } from "@millrace/media/testing";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { jpegMarks } from "../../test/jpeg-marks.ts";
import {
  missingBrowser,
  type SeenFrame,
  startBrowser,
  teachMarks,
} from "../../test/stream-page.ts";
import { createFrameHub } from "../hub/frame-hub.ts";
import { testPattern } from "../pattern/test-pattern.ts";
import { mjpeg } from "./mjpeg.ts";

if (missingBrowser !== undefined) console.warn(`skipped: ${missingBrowser}`);

describe.skipIf(missingBrowser !== undefined)("an <img> in Chromium", () => {
  let browser: Browser;
  let server: Server;
  const hub = createFrameHub(testPattern({ width: 640, height: 360 }), {
    images: jpegTurbo(),
    lingerMs: 0,
  });
  const publication = mjpeg().publish(hub);

  beforeAll(async () => {
    browser = await startBrowser();
    server = createServer((request, response) => {
      if (request.url?.startsWith("/stream")) void publication.handle(request, response);
      else response.end("<!doctype html><img crossorigin src=/stream>");
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  });
  afterAll(async () => {
    await browser?.close();
    await publication.close();
    await hub.close();
    server?.close();
    await vi.waitFor(() => expectNoOpenFrames());
  });

  it("shows frames in order and none twice, with their numbers in the pixels", async () => {
    const page = await browser.newPage();
    await teachMarks(page);
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const seen = await page.evaluate(
      `watchMarks(document.querySelector("img"), 60)` as never as () => Promise<SeenFrame[]>,
    );
    const numbers = seen.map(({ number }) => number);
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
    console.info(
      `ages: ${seen
        .map(({ ageMs }) => ageMs)
        .sort((a, b) => a - b)
        .slice(30, 31)} ms`,
    );
    await page.close();
  });

  it("shows the newest picture while nothing moves, and the last one after the end", async () => {
    const hub = createFrameHub(testPattern({ width: 320, height: 180, framerate: 5 }), {
      images: jpegTurbo(),
      lingerMs: 0,
    });
    const publication = mjpeg().publish(hub);
    const server = createServer((request, response) => {
      if (request.url?.startsWith("/stream")) void publication.handle(request, response);
      else response.end("<!doctype html><img crossorigin src='/stream?width=256'>");
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const made: number[] = [];
    const making = hub
      .pictures({ width: 256 })
      .frames$.subscribe(({ data }) => made.push(jpegMarks(data)?.number ?? -1));
    const page = await browser.newPage();
    await teachMarks(page);
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const shown = () =>
      page.evaluate(
        `marksOf(document.querySelector("img"))?.number` as never as () => number | undefined,
      );
    await expect.poll(shown).toBeGreaterThan(2);
    // Five frames a second leave time to see that the newest one is shown before another comes.
    await expect.poll(async () => (await shown()) === made.at(-1)).toBe(true);
    // Until the hub is closed pictures are made, and the last one of them is to be shown.
    await hub.close();
    making.unsubscribe();
    await publication.close();
    const width = await page.evaluate(
      `document.querySelector("img").naturalWidth` as never as () => number,
    );
    expect(width).toBe(256);
    await expect.poll(shown).toBe(made.at(-1));
    await page.close();
    server.close();
  });
});
