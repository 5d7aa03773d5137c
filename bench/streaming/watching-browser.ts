import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import type { WatchCalls } from "./watch-page.ts";

/** Files that the bench makes for its processes. */
export interface BenchFolder extends Disposable {
  readonly path: string;
}

/** A folder that is gone afterwards. */
export function benchFolder(): BenchFolder {
  const path = mkdtempSync(join(tmpdir(), "millrace-streaming-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Writes the script of `watch-page.ts` as an application would build it, and gives its path. */
export async function writePage(folder: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["@millrace/source", "module", "browser", "import", "default"] },
    build: {
      write: false,
      target: "es2022",
      modulePreload: false,
      rollupOptions: {
        input: join(import.meta.dirname, "watch-page.ts"),
        output: { entryFileNames: "page.js" },
      },
    },
  });
  const [output] = Array.isArray(built) ? built : [built];
  if (output === undefined || !("output" in output)) throw new Error("vite built nothing");
  const path = join(folder, "page.js");
  writeFileSync(path, output.output[0].code);
  return path;
}

/** A browser that plays without being clicked at and takes loopback candidates. */
export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: "/usr/bin/chromium",
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

/** A page that can watch. */
export async function openPage(browser: Browser, port: number): Promise<Page> {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.log(`page: ${error}`));
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.waitForFunction("globalThis.streamBench !== undefined");
  return page;
}

/** Calls what `watch-page.ts` gives. */
export async function callPage<K extends keyof WatchCalls>(
  page: Page,
  name: K,
  ...args: Parameters<WatchCalls[K]>
): Promise<ReturnType<WatchCalls[K]>> {
  return await page.evaluate(
    ([name, args]) => {
      const { streamBench } = globalThis as unknown as {
        streamBench: Record<string, (...args: never) => never>;
      };
      return streamBench[name]?.(...(args as never)) as never;
    },
    [name, args] as const,
  );
}
