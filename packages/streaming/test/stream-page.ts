import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { type PatternMarks, readPatternMarks } from "../src/pattern/pattern-marks.ts";

const CHROMIUM = "/usr/bin/chromium";

/** Why no page can be opened here, if so. */
export const missingBrowser: string | undefined = existsSync(CHROMIUM)
  ? undefined
  : `there is no ${CHROMIUM}: apt-get install chromium`;

/** A browser with a profile of its own, which plays without being clicked at and takes loopback candidates. */
export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--autoplay-policy=no-user-gesture-required",
      "--allow-loopback-in-peer-connection",
    ],
  });
}

/** What was seen in the pixels of a page, and how old it was then, in milliseconds. */
export interface SeenFrame extends PatternMarks {
  readonly ageMs: number;
}

/** Puts `watchMarks` into a page: what it sees of an element at each painting, doubles left out. */
export async function teachMarks(page: Page): Promise<void> {
  await page.addInitScript(`
    ${readPatternMarks.toString()}
    const BITS = 24, CELLS = 25, BARS = 20;
    const canvas = document.createElement("canvas");
    window.marksOf = (element) => {
      const width = element.videoWidth || element.naturalWidth || element.width;
      const height = element.videoHeight || element.naturalHeight || element.height;
      if (!width || !height) return null;
      const rows = Math.ceil(height / 8);
      canvas.width = width; canvas.height = rows;
      const context = canvas.getContext("2d", { willReadFrequently: true });
      context.drawImage(element, 0, 0, width, rows, 0, 0, width, rows);
      const { data } = context.getImageData(0, 0, width, rows);
      const marks = readPatternMarks(width, height, (x, y) => data[(y * width + x) * 4 + 1]);
      if (!marks) return null;
      const now = Math.round(performance.timeOrigin + performance.now()) % 2 ** 24;
      let ageMs = now - marks.clockMs;
      if (ageMs < -(2 ** 23)) ageMs += 2 ** 24;
      return { ...marks, ageMs };
    };
    window.watchMarks = (element, frames) => new Promise((resolve) => {
      const seen = [];
      const look = () => {
        const marks = window.marksOf(element);
        if (marks && seen.at(-1)?.number !== marks.number) seen.push(marks);
        if (seen.length >= frames) resolve(seen);
        else requestAnimationFrame(look);
      };
      look();
    });
  `);
}
