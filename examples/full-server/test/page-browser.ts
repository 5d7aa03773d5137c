import { existsSync } from "node:fs";
import { findVictoriaMetrics } from "@millrace/vm-sink/server";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";

/** Why the pages cannot be tested here, if so. */
export async function missingForPages(): Promise<string | undefined> {
  const missing = missingForBrowser();
  if (missing !== undefined) return missing;
  if ((await findVictoriaMetrics()) !== undefined) return undefined;
  return "VictoriaMetrics is not installed: apt-get install victoria-metrics";
}

/** Why no page can be opened here, if so. */
export function missingForBrowser(): string | undefined {
  return existsSync(CHROMIUM) ? undefined : `there is no ${CHROMIUM}: apt-get install chromium`;
}

/** A browser with a profile of its own. */
export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
}

/** A page, and what went wrong in it: errors, and requests that leave the server. */
export interface OpenedPage extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly problems: readonly string[];
}

/** Opens an address in a window without a past. */
export async function openPage(
  browser: Browser,
  url: string,
  { width = 1280 }: { readonly width?: number } = {},
): Promise<OpenedPage> {
  const context = await browser.newContext({ viewport: { width, height: 900 } });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) problems.push(request.url());
  });
  // Leaving a page that is uploading asks first.
  page.on("dialog", (dialog) => void dialog.accept());
  await page.goto(url);
  return { page, context, problems, [Symbol.asyncDispose]: async () => await context.close() };
}
