import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../src/index.ts";
import { markedClip, markModel, markOf, missingForClips } from "./marked-clip.ts";
import { missingForBrowser, openPage, startBrowser } from "./page-browser.ts";
import { upload, type VideoBench, videoBench } from "./video-server.ts";

const missing = missingForBrowser() ?? (await missingForClips());
if (missing !== undefined) process.stdout.write(`skipped video-page.real.test.ts: ${missing}\n`);

const WAIT = { timeout: 60_000 };

/** What a page shows, all of it read in one go. */
interface Shown {
  /** As the words below the picture say. */
  readonly number: number;
  /** As the picture says. */
  readonly barcode: number;
  /** The frame that the boxes are of. */
  readonly boxesOf: string;
  readonly boxes: readonly (readonly number[])[];
  /** Whether lines are drawn along the edges of the first box. */
  readonly drawn: boolean;
}

describe.skipIf(missing !== undefined)("the page of videos", () => {
  let bench: VideoBench;
  let server: RunningServer;
  let browser: Browser;

  beforeAll(async () => {
    bench = await videoBench();
    server = await bench.start({ videoModel: await markModel(bench.folder) });
    browser = await startBrowser();
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await bench?.[Symbol.asyncDispose]();
  }, 60_000);

  it("takes a video and steps through it by keys, with boxes of the frame that is shown", async () => {
    await using opened = await openPage(browser, `${server.url}/video`);
    const { page } = opened;
    await page.locator('input[type="file"]').setInputFiles(await markedClip());
    await shows(page, 0);
    expect(page.url()).toContain("video=2-15");
    for (const [key, frame] of [
      ["ArrowRight", 1],
      ["ArrowRight", 2],
      ["Shift+ArrowRight", 12],
      ["ArrowLeft", 11],
      ["End", 59],
      ["ArrowRight", 59],
      ["Shift+ArrowLeft", 49],
      ["Home", 0],
    ] as const) {
      await page.keyboard.press(key);
      await shows(page, frame);
      await hasBoxesOf(page, frame);
    }
    await page.getByLabel("Frame", { exact: true }).fill("33");
    await shows(page, 33);
    await page.getByRole("button", { name: "Frame 15" }).click();
    await shows(page, 15);
    await page.getByText("From the cache").waitFor(WAIT);
    expect(problemsOf(opened)).toEqual([]);
  }, 180_000);

  it("keeps up with keys that are held: what is shown is always whole, and the last is the right one", async () => {
    await upload(server, await markedClip({ seconds: 10, gop: 30 }), "held");
    await using opened = await openPage(browser, `${server.url}/video?video=held`);
    const { page } = opened;
    await shows(page, 0);
    const seen: Shown[] = [];
    // As fast as a keyboard repeats.
    for (let turn = 0; turn < 150; turn++) {
      await page.keyboard.down("ArrowRight");
      if (turn % 10 === 0) seen.push(await shown(page));
    }
    await page.keyboard.up("ArrowRight");
    for (const { number, barcode, boxesOf, boxes } of seen) {
      expect(barcode).toBe(number);
      // Boxes are of the frame that is shown, or there are none.
      expect(["", String(number)]).toContain(boxesOf);
      if (boxesOf !== "") expect(boxes).toEqual([[...markOf(number)]]);
    }
    await shows(page, 150);
    await hasBoxesOf(page, 150);
    expect(problemsOf(opened)).toEqual([]);
  }, 180_000);

  it("plays, and shows boxes of each frame", async () => {
    await upload(server, await markedClip(), "played");
    await using opened = await openPage(browser, `${server.url}/video?video=played`);
    const { page } = opened;
    await shows(page, 0);
    await page.keyboard.press(" ");
    await expect.poll(async () => (await shown(page)).number, WAIT).toBeGreaterThan(5);
    await page.keyboard.press(" ");
    await page.getByRole("button", { name: "Play" }).waitFor(WAIT);
    const { number } = await shown(page);
    await hasBoxesOf(page, number);
    await page.getByLabel("Detect").uncheck();
    await expect.poll(async () => (await shown(page)).boxes).toEqual([]);
  }, 180_000);

  it("zooms by keys", async () => {
    await upload(server, await markedClip(), "zoomed");
    await using opened = await openPage(browser, `${server.url}/video?video=zoomed`);
    const { page } = opened;
    await shows(page, 0);
    const wide = async (): Promise<number> =>
      (await page.locator(".layers").boundingBox())?.width ?? 0;
    const whole = await wide();
    await page.keyboard.press("+");
    await expect.poll(wide).toBeCloseTo(whole * 1.25, -1);
    await page.keyboard.press("0");
    await expect.poll(wide).toBeCloseTo(whole, -1);
  }, 120_000);

  it("asks for the token where there is one, and shows frames with it", async () => {
    await using own = await videoBench();
    const closed = await own.start({ token: "a-long-token" });
    await using opened = await openPage(browser, `${closed.url}/video`);
    const { page } = opened;
    await page.getByLabel(/token/i).fill("a-long-token");
    await page.keyboard.press("Enter");
    await page.locator('input[type="file"]').setInputFiles(await markedClip());
    await shows(page, 0);
    await page.keyboard.press("End");
    await shows(page, 59);
    await page.getByRole("button", { name: "Frame 30" }).click();
    await shows(page, 30);
  }, 120_000);

  it("works without a model, and says what is no video", async () => {
    await using own = await videoBench();
    const plain = await own.start();
    await using opened = await openPage(browser, `${plain.url}/video`);
    const { page } = opened;
    const field = page.locator('input[type="file"]');
    await field.setInputFiles({ name: "no.mp4", mimeType: "video/mp4", buffer: Buffer.from("no") });
    await page.getByRole("alert").getByText("no.mp4").waitFor(WAIT);
    await field.setInputFiles(await markedClip());
    await shows(page, 0);
    await page.keyboard.press("ArrowRight");
    await shows(page, 1);
    expect(await page.getByLabel("Detect").count()).toBe(0);
    // Deleted by its button; the page goes on to what is left.
    await field.setInputFiles(await markedClip({ seconds: 1 }));
    await expect.poll(() => page.url()).toContain("video=1-15");
    await shows(page, 0);
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("button", { name: "Delete the video" }).click();
    await expect.poll(() => page.url()).toContain("video=2-15");
    await shows(page, 0);
    // What is asked for by an address that leads nowhere is said.
    await page.goto(`${plain.url}/video?video=nobody`);
    await page.getByText("This server has no video nobody").waitFor(WAIT);
  }, 120_000);
});

async function shows(page: Page, frame: number): Promise<void> {
  await expect
    .poll(async () => {
      const { number, barcode } = await shown(page);
      return [number, barcode];
    }, WAIT)
    .toEqual([frame, frame]);
}

async function hasBoxesOf(page: Page, frame: number): Promise<void> {
  await expect
    .poll(async () => {
      const { boxesOf, boxes, drawn } = await shown(page);
      return { boxesOf, boxes, drawn };
    }, WAIT)
    .toEqual({ boxesOf: String(frame), boxes: [[...markOf(frame)]], drawn: true });
}

/** Without what the browser says of this test, which reads pixels. */
function problemsOf({ problems }: { readonly problems: readonly string[] }): readonly string[] {
  return problems.filter((text) => !text.includes("willReadFrequently"));
}

/** Reads the pixels, in the page. */
const READ = `(() => {
  const canvas = document.querySelector(".layers canvas");
  const boxes = document.querySelector(".layers .boxes");
  if (canvas?.dataset.frame === undefined) {
    return { number: -1, barcode: -2, boxesOf: "", boxes: [], drawn: false };
  }
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  // 12 cells of 16 pixels in the width of 192.
  const cell = canvas.width / 12;
  let barcode = 0;
  for (let bit = 0; bit < 12; bit++) {
    const at = Math.floor(cell / 2) * canvas.width + Math.floor((bit + 0.5) * cell);
    if (pixels[4 * at] > 128) barcode |= 1 << bit;
  }
  const found = JSON.parse(boxes.dataset.boxes ?? "[]");
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = found[0] ?? [];
  const lines = boxes.getContext("2d").getImageData(0, 0, boxes.width, boxes.height).data;
  const scale = boxes.width / 192;
  // Of a line along the border of the picture one half is outside.
  const within = (value, size) => Math.min(size - 1, Math.max(0, Math.floor(value * scale)));
  const isDrawn = (x, y) =>
    lines[4 * (within(y, boxes.height) * boxes.width + within(x, boxes.width)) + 3] > 0;
  const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
  return {
    number: Number(document.querySelector('[data-fact="frame"]').textContent),
    barcode,
    boxesOf: boxes.dataset.frame ?? "",
    boxes: found,
    drawn: found.length > 0 && isDrawn(x1, y) && isDrawn(x2, y) && isDrawn(x, y1) && isDrawn(x, y2),
  };
})()`;

function shown(page: Page): Promise<Shown> {
  return page.evaluate<Shown>(READ);
}
