import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";
import { patternBox } from "../../src/pattern/pattern-box.ts";
import { bundle } from "./bundle.ts";
import type { PageCalls, SeenShown } from "./page.ts";

/** The document that loads the calls of `page.ts` from beside it. */
export const PLAY_PAGE: string = "<!doctype html><script type=module src=/page.js></script>";

/** The script of that page. */
export async function pageScript(): Promise<string> {
  return await bundle(join(import.meta.dirname, "page.ts"), false);
}

/** A page with the calls of `page.ts`. */
export interface PlayPage {
  readonly page: Page;
  call<K extends keyof PageCalls>(
    name: K,
    ...args: Parameters<PageCalls[K]>
  ): Promise<Awaited<ReturnType<PageCalls[K]>>>;
  /** Waits until a player has shown so many frames, and gives what was seen. */
  watch(id: number, frames: number): Promise<readonly SeenShown[]>;
}

/** Opens it. */
export async function openPlayPage(browser: Browser, url: string): Promise<PlayPage> {
  const page = await browser.newPage();
  page.on("console", (message) => console.info(`page: ${message.text()}`));
  page.on("pageerror", (error) => console.info(`page: ${error}`));
  await page.goto(url);
  await page.waitForFunction("globalThis.streamTest !== undefined");
  const call: PlayPage["call"] = (name, ...args) =>
    page.evaluate(
      ([name, args]) => {
        const { streamTest } = globalThis as unknown as {
          streamTest: Record<string, (...args: never) => never>;
        };
        return streamTest[name]?.(...(args as never)) as never;
      },
      [name, args] as const,
    );
  return {
    page,
    call,
    async watch(id, frames) {
      await page.waitForFunction(`streamTest.count(${id}) >= ${frames}`, undefined, {
        timeout: 15_000,
      });
      return await call("seen", id);
    },
  };
}

/** What must hold of what a page has shown, whatever the transport. */
export function expectTrueFrames(
  seen: readonly SeenShown[],
  size: { readonly width: number; readonly height: number },
): void {
  const numbers = seen.map(({ number }) => number);
  expect(numbers).not.toContain(null);
  expect(numbers, "in order, none twice").toEqual(
    [...new Set(numbers)].sort((one, other) => (one ?? 0) - (other ?? 0)),
  );
  for (const { number, boxes, inBox } of seen) {
    const { x, y } = patternBox(number as number, size.width, size.height);
    expect(boxes, `boxes on frame ${number}`).toEqual([{ number, x, y }]);
    expect(inBox, `box in the pixels of frame ${number}`).toBeGreaterThan(200);
  }
}

/** Prints ages, which are for the eye: no test is about time. */
export function printAges(what: string, seen: readonly SeenShown[]): void {
  const ages = seen.map(({ ageMs }) => ageMs).sort((one, other) => one - other);
  const at = (share: number): number | undefined => ages[Math.floor(ages.length * share)];
  console.info(`${what}: age p50 ${at(0.5)} ms, p95 ${at(0.95)} ms of ${ages.length} frames`);
}
