import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { fromItems, pipeline, type SeriesBatch, seriesBatch } from "@millrace/core";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { htmlReport } from "./html-report.ts";

const CHROMIUM = "/usr/bin/chromium";
const MINUTE = 60_000;
const START = Date.UTC(2025, 9, 20);
const ROWS = 1440;
const HOSTILE = '</script><img src="http://127.0.0.1/x" onerror="document.title=1">\u2028';

const missing = existsSync(CHROMIUM) ? undefined : `there is no ${CHROMIUM}: apt install chromium`;
if (missing !== undefined) process.stdout.write(`skipped html-report.real.test.ts: ${missing}\n`);

describe.skipIf(missing !== undefined)("the report in a browser", () => {
  let folder: string;
  let browser: Browser;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-report-"));
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true });
  });

  it("draws its charts over the range of the data, without an error or a request", async () => {
    const { page, problems } = await opened([batchOf("A", START)]);
    expect(await page.title()).toBe(`Report ${HOSTILE}`);
    expect(await page.locator("h1").textContent()).toBe(`Report ${HOSTILE}`);
    const plots = page.locator(".plot");
    expect(await plots.count()).toBe(2);
    expect(await rangeOf(page, 0)).toEqual([START, START + (ROWS - 1) * MINUTE]);
    for (const index of [0, 1]) expect(await colorsIn(page, index)).toBeGreaterThan(3);
    expect(await page.locator("tbody .key .name").first().textContent()).toBe(HOSTILE);
    expect(await page.locator("img").count()).toBe(0);
    expect(problems).toEqual([]);
  }, 60_000);

  it("zooms all charts together by dragging, and back by a double click", async () => {
    const { page, problems } = await opened([batchOf("A", START)]);
    const full = await rangeOf(page, 0);
    const box = await page.locator(".u-over").first().boundingBox();
    if (box === null) throw new Error("the first chart has no plotting area");
    await page.mouse.move(box.x + box.width * 0.25, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 50, { steps: 4 });
    await page.mouse.up();
    await expect.poll(async () => await rangeOf(page, 1)).not.toEqual(full);
    const zoomed = await rangeOf(page, 0);
    expect(await rangeOf(page, 1)).toEqual(zoomed);
    expect((zoomed[1] as number) - (zoomed[0] as number)).toBeLessThan(ROWS * MINUTE * 0.3);
    expect(await page.getByText("Reset zoom").isVisible()).toBe(true);
    await page.mouse.dblclick(box.x + box.width * 0.4, box.y + 50);
    await expect.poll(async () => await rangeOf(page, 1)).toEqual(full);
    expect(await rangeOf(page, 0)).toEqual(full);
    expect(problems).toEqual([]);
  }, 60_000);

  it("shows values under the cursor, sorts, switches to peaks and to another array", async () => {
    const { page, problems } = await opened([batchOf("A", START), batchOf("B", START + 1e9)]);
    const box = await page.locator(".u-over").first().boundingBox();
    if (box === null) throw new Error("the first chart has no plotting area");
    await page.mouse.move(box.x + box.width / 2, box.y + 60);
    const now = page.locator("tbody td.at");
    await expect
      .poll(async () => (await now.allTextContents()).every((text) => /\d/.test(text)))
      .toBe(true);
    const table = page.locator(".figures").first();
    const names = table.locator("tbody .name");
    const before = await names.allTextContents();
    const column = table.locator("thead th", { hasText: "Min" });
    // A browser under load may acknowledge a click before the page has handled it.
    for (const order of ["descending", "ascending"]) {
      await column.getByRole("button").click();
      await expect.poll(() => column.getAttribute("aria-sort")).toBe(order);
    }
    expect(await names.allTextContents()).toEqual(before.toReversed());
    const peaks = page.getByRole("button", { name: "2 min peak" });
    await peaks.click();
    await expect.poll(() => peaks.getAttribute("aria-pressed")).toBe("true");
    expect(await rangeOf(page, 0)).toEqual([START, START + (ROWS - 1) * MINUTE]);
    await page.getByRole("tab", { name: "B" }).click();
    await expect
      .poll(() => rangeOf(page, 0))
      .toEqual([START + 1e9, START + 1e9 + (ROWS - 1) * MINUTE]);
    expect(problems).toEqual([]);
  }, 60_000);

  it("says so when there is nothing", async () => {
    const { page, problems } = await opened([]);
    expect(await page.locator("h2").textContent()).toBe("No samples");
    expect(problems).toEqual([]);
  }, 60_000);

  async function opened(batches: readonly SeriesBatch[]) {
    const path = join(folder, "report.html");
    await pipeline(fromItems(batches)).to(htmlReport({ path, title: `Report ${HOSTILE}` })).result;
    const page = await browser.newPage({ viewport: { width: 1200, height: 1600 } });
    const problems: string[] = [];
    const url = pathToFileURL(path).href;
    page.on("console", (message) => problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("request", (request) => {
      if (request.url() !== url && !request.url().startsWith("data:")) problems.push(request.url());
    });
    await page.goto(url);
    return { page, problems };
  }
});

async function rangeOf(page: Page, index: number): Promise<readonly number[]> {
  const plot = page.locator(".plot").nth(index);
  const ends = ["data-from", "data-to"].map((name) => plot.getAttribute(name));
  return (await Promise.all(ends)).map(Number);
}

/** How many colors a chart's canvas holds: a blank one has one. */
async function colorsIn(page: Page, index: number): Promise<number> {
  return await page.evaluate<number>(`(() => {
    const canvas = document.querySelectorAll(".plot canvas")[${index}];
    const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(image.data.buffer)).size;
  })()`);
}

function batchOf(serial: string, startMs: number): SeriesBatch {
  const names = ["huawei_total_iops_io_s", "huawei_avg_i_o_response_time_us"];
  const labels = names.flatMap((name) =>
    [HOSTILE, "prd.zvirt.01", "prd.zvirt.02"].map((element) => ({
      __name__: name,
      Element: element,
      Resource: "LUN",
      SN: serial,
      scrape_interval: "60",
    })),
  );
  const values = Int32Array.from({ length: labels.length * ROWS }, (_, cell) => {
    const series = Math.floor(cell / ROWS);
    return (4 - (series % 3)) * 100 + 50 * Math.sin(cell / 90 + series);
  });
  return seriesBatch({
    table: { id: serial, labels },
    firstSeries: 0,
    seriesCount: labels.length,
    grid: { startMs, stepMs: MINUTE, count: ROWS },
    values,
    origins: [{ origin: "test", count: values.length }],
  });
}
