import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { type PatternMarks, patternMarksScript } from "../src/pattern/pattern-marks.ts";

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
      // A microphone that beeps, given without asking.
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
    ],
  });
}

/** What was seen in the pixels of a page, and how old it was then, in milliseconds. */
export interface SeenFrame extends PatternMarks {
  readonly ageMs: number;
}

/** Puts `marksOf` and `watchMarks` into a page. */
export async function teachMarks(page: Page): Promise<void> {
  await page.addInitScript(patternMarksScript);
}
