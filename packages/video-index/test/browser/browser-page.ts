import { type Browser, chromium } from "playwright-core";
import type { PageCalls } from "./page.ts";

/** Where Debian puts it. */
export const CHROMIUM = "/usr/bin/chromium";

/** A page with the calls of `page.ts`, and what went wrong in it. */
export interface BrowserPage extends AsyncDisposable {
  /** Runs a call in the page. */
  call<K extends keyof PageCalls>(
    name: K,
    ...args: Parameters<PageCalls[K]>
  ): Promise<Awaited<ReturnType<PageCalls[K]>>>;
  /** Errors and warnings of the console, such as that of a frame which nobody closed. */
  readonly problems: readonly string[];
}

/** Starts a browser with a profile of its own, and opens a page. */
export async function openBrowserPage(url: string): Promise<BrowserPage> {
  const browser: Browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.goto(url);
  await page.waitForFunction("globalThis.videoTest !== undefined");
  return {
    problems,
    call: (name, ...args) =>
      page.evaluate(
        ([name, args]) => {
          const { videoTest } = globalThis as unknown as {
            videoTest: Record<string, (...args: never) => never>;
          };
          return videoTest[name]?.(...(args as never)) as never;
        },
        [name, args] as const,
      ),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
