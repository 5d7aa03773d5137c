import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../src/index.ts";
import { markedClip, markModel, markOf, missingForClips } from "./marked-clip.ts";
import { missingForBrowser, openPage, startBrowser } from "./page-browser.ts";
import { upload, type VideoBench, videoBench } from "./video-server.ts";

const missing = missingForBrowser() ?? (await missingForClips());
if (missing !== undefined) process.stdout.write(`skipped live-page.real.test.ts: ${missing}\n`);

const WAIT = { timeout: 30_000 };
/** Pixels of the clip, and of a cell of its barcode. */
const CLIP = { width: 192, height: 128, cell: 16, bits: 12 };

/** Of a stream that arrives; what none tells is a dash. */
const FIGURES = {
  "Frames a second": /^[1-9][\d.]*$/,
  "Age of a frame": /^\d+ ms$/,
  Bitrate: /^(?!0\.00)\d+\.\d\d Mbit\/s$/,
  "Frames shown": /^[1-9][\d,]*$/,
  Lost: /^\d+$/,
  "Left out": /^\d+$/,
  Objects: /^1$/,
} as const;

/** A frame as the page shows it. */
interface Shown {
  /** As the pixels say. */
  readonly number: number;
  /** As the overlay says. */
  readonly boxes: readonly { readonly box: { x: number; y: number }; readonly number: number }[];
}

describe.skipIf(missing !== undefined)("the page of live streams", () => {
  let bench: VideoBench;
  let server: RunningServer;
  let browser: Browser;

  beforeAll(async () => {
    bench = await videoBench();
    const videoModel = await markModel(bench.folder);
    server = await bench.start({ videoModel, webrtcAddresses: ["127.0.0.1"] });
    await upload(server, await markedClip(), "clip");
    browser = await startBrowser();
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await bench?.[Symbol.asyncDispose]();
  }, 60_000);

  it.each(["webrtc", "websocket", "mjpeg"])(
    "%s shows a clip with the boxes of the frame that is shown",
    async (transport) => {
      const search = `?video=clip&fps=15&inference=true&transport=${transport}`;
      await using opened = await openPage(browser, `${server.url}/webrtc${search}`);
      const { page } = opened;
      await page.getByRole("button", { name: "Start" }).click(WAIT);
      await page.locator('[data-figure="State"]', { hasText: "live" }).waitFor(WAIT);
      const seen = await watch(page, 20);
      const withBoxes = seen.filter(({ boxes }) => boxes.length > 0);
      expect(withBoxes.length).toBeGreaterThan(0);
      for (const { number, boxes } of withBoxes) {
        const [x, y] = markOf(number);
        expect(boxes[0]?.number, "the frame that the boxes are of").toBe(number);
        expect(Math.abs((boxes[0]?.box.x ?? Number.NaN) - x)).toBeLessThan(4);
        expect(Math.abs((boxes[0]?.box.y ?? Number.NaN) - y)).toBeLessThan(4);
      }
      await page.locator('[data-figure="Objects"]', { hasText: "1" }).waitFor(WAIT);
      const figures = await page.locator(".frame-facts dd").allTextContents();
      console.info(`${transport}: ${figures.join(", ")}`);
      await page.getByRole("button", { name: "Stop" }).click();
      await page.locator('[data-figure="State"]', { hasText: "stopped" }).waitFor(WAIT);
      expect(await page.getByLabel("Objects").getAttribute("data-boxes")).toBe("[]");
      expect(opened.problems).toEqual([]);
    },
    60_000,
  );

  it("changes the transport while it plays, says so in the address, and has figures of each", async () => {
    await using opened = await openPage(browser, `${server.url}/webrtc?height=240`);
    const { page } = opened;
    await page.getByRole("button", { name: "Start" }).click(WAIT);
    for (const [name, transport] of [
      ["MJPEG", "mjpeg"],
      ["WebSocket", "websocket"],
      ["WebRTC", "webrtc"],
    ] as const) {
      await page.getByRole("button", { name, exact: true }).click();
      await page.locator('[data-figure="State"]', { hasText: /^live/ }).waitFor(WAIT);
      expect(page.url()).toContain(`transport=${transport}`);
      for (const [figure, told] of Object.entries(FIGURES)) {
        const value = page.locator(`[data-figure="${figure}"]`);
        await expect.poll(() => value.textContent(), { ...WAIT, message: figure }).toMatch(told);
      }
    }
    // Nobody stays behind.
    await expect
      .poll(async () => {
        const answer = await fetch(`${server.url}/v1/streams/pattern-30fps-240p`);
        return ((await answer.json()) as { viewers: { transport: string }[] }).viewers.map(
          ({ transport }) => transport,
        );
      }, WAIT)
      .toEqual(["webrtc"]);
    expect(opened.problems).toEqual([]);
  }, 60_000);

  it("says what is wrong, in words", async () => {
    await using opened = await openPage(browser, `${server.url}/webrtc?video=nowhere`);
    await opened.page.getByRole("button", { name: "Start" }).click(WAIT);
    await opened.page.getByRole("alert").filter({ hasText: "nowhere" }).waitFor(WAIT);
  });
});

/** Frames that are shown one after another, with the boxes that are drawn over each. */
async function watch(page: Page, count: number): Promise<readonly Shown[]> {
  return await page.evaluate<readonly Shown[]>(`(${WATCH})(${count}, ${JSON.stringify(CLIP)})`);
}

/** Runs in the page. */
const WATCH = `async (wanted, clip) => {
  const canvas = document.createElement("canvas");
  canvas.width = clip.width;
  canvas.height = clip.height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const picture = document.querySelector(".layers > [aria-label=Stream]");
  const overlay = document.querySelector(".layers > [aria-label=Objects]");
  const seen = [];
  const read = () => {
    context.drawImage(picture, 0, 0, clip.width, clip.height);
    const row = context.getImageData(0, 8, clip.width, 1).data;
    let number = 0;
    for (let bit = 0; bit < clip.bits; bit++) {
      const value = row[(bit * clip.cell + clip.cell / 2) * 4 + 1];
      // Neither dark nor bright: no frame.
      if (Math.abs(value - 128) < 40) return;
      if (value > 128) number |= 1 << bit;
    }
    // What was found may come behind its frame.
    if (seen.at(-1)?.number === number) seen.pop();
    seen.push({ number, boxes: JSON.parse(overlay.dataset.boxes ?? "[]") });
  };
  while (seen.length < wanted) {
    await new Promise((done) => requestAnimationFrame(done));
    read();
  }
  return seen;
}`;
