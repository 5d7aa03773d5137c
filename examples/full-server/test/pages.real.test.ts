import { globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../src/index.ts";
import { type DatabaseGate, databaseGate } from "./database-gate.ts";
import { missingForPages, openPage, startBrowser } from "./page-browser.ts";
import { freePort, startServerProcess } from "./server-process.ts";
import { ask, type TestArchive, type TestBench, testBench } from "./test-server.ts";

const missing = await missingForPages();
if (missing !== undefined) process.stdout.write(`skipped pages.real.test.ts: ${missing}\n`);

const DIST = fileURLToPath(new URL("../dist/web", import.meta.url));
const SCRIPT_BYTES = 200_000;
const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2025, 9, 20);
/** A browser and a database share two cores with other tests. */
const WAIT = { timeout: 60_000 };

describe.skipIf(missing !== undefined)("the pages", () => {
  let bench: TestBench;
  let gate: DatabaseGate;
  let server: RunningServer;
  let browser: Browser;

  beforeAll(async () => {
    bench = await testBench();
    gate = await databaseGate(bench.database.url);
    server = await bench.start({ vmUrl: gate.url });
    browser = await startBrowser();
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    gate?.open();
    await bench?.[Symbol.asyncDispose]();
    await gate?.[Symbol.asyncDispose]();
  }, 60_000);

  it("take little script, and none from elsewhere", () => {
    const scripts = globSync("assets/*.js", { cwd: DIST });
    expect(scripts.length).toBeGreaterThan(0);
    const bytes = scripts.reduce((sum, path) => sum + statSync(join(DIST, path)).size, 0);
    expect(bytes).toBeLessThan(SCRIPT_BYTES);
    const html = readFileSync(join(DIST, "index.html"), "utf8");
    expect(html).not.toMatch(/https?:|<script(?![^>]*src=)/);
  });

  it("lead from an upload to its chart, which opens at the array's own time", async () => {
    const archive = await bench.archive("shown.zip");
    await using opened = await openPage(browser, `${server.url}/`);
    const { page, problems } = opened;
    await page.getByText("No arrays yet").waitFor(WAIT);
    await page.getByRole("link", { name: "Upload archives" }).click();
    await choose(page, archive.path);
    const row = jobRow(page, "shown.zip");
    await row.getByText("Done", { exact: true }).waitFor(WAIT);
    expect(await row.textContent()).toContain(archive.samples.toLocaleString("en"));
    await row.getByRole("link", { name: archive.serial }).click();
    const figures = page.locator(".figures tbody tr:not(.group)");
    await figures.first().waitFor(WAIT);
    expect(await rangeOf(page)).toEqual([START_MS, START_MS + HOUR_MS - 60_000]);
    await expect.poll(() => colorsIn(page)).toBeGreaterThan(3);
    // The figures are those of the database.
    const element = await figures.first().locator(".name").textContent();
    const { body } = await ask<{ series: { element: string; max: number }[] }>(
      `${server.url}/v1/arrays/${archive.serial}/series?resource=LUN&metric=huawei_total_iops_io_s&element=${element}`,
    );
    const shown = Number(
      (await figures.first().locator("td").last().textContent())?.replaceAll(",", ""),
    );
    expect(Math.abs(shown - (body.series[0]?.max ?? Number.NaN))).toBeLessThanOrEqual(0.5);
    expect(problems).toEqual([]);
  }, 180_000);

  it("zoom by dragging and by keys, and a link shows the same again", async () => {
    const archive = await loaded("zoomed.zip");
    await using opened = await openPage(browser, `${server.url}/charts?array=${archive.serial}`);
    const { page, problems } = opened;
    await page.locator(".figures tbody tr:not(.group)").first().waitFor(WAIT);
    const whole = await rangeOf(page);
    const box = await page.locator(".u-over").boundingBox();
    if (box === null) throw new Error("the chart has no plotting area");
    await page.mouse.move(box.x + box.width * 0.25, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 50, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => rangeOf(page)).not.toEqual(whole);
    const zoomed = await rangeOf(page);
    expect(width(zoomed)).toBeGreaterThan(HOUR_MS * 0.2);
    expect(width(zoomed)).toBeLessThan(HOUR_MS * 0.3);

    await page.getByRole("group", { name: /^Drawing/ }).focus();
    await page.keyboard.press("ArrowRight");
    await expect.poll(async () => (await rangeOf(page))[0]).toBeGreaterThan(zoomed[0]);
    expect(width(await rangeOf(page))).toBe(width(zoomed));
    await page.keyboard.press("-");
    await expect.poll(async () => width(await rangeOf(page))).toBeGreaterThan(width(zoomed));
    await page.goBack();
    await expect.poll(() => rangeOf(page)).toEqual(zoomed);

    await page.getByRole("button", { name: "Compare with another" }).click();
    await expect.poll(() => page.locator(".figures .group").count()).toBe(2);
    await using again = await openPage(browser, page.url());
    await expect.poll(() => again.page.locator(".figures .group").count(), WAIT).toBe(2);
    expect(await rangeOf(again.page)).toEqual(zoomed);
    expect(await textsOf(again.page, ".figures .group b")).toEqual(
      await textsOf(page, ".figures .group b"),
    );

    await page.mouse.dblclick(box.x + box.width * 0.4, box.y + 80);
    await expect.poll(() => rangeOf(page)).toEqual(whole);
    expect([...problems, ...again.problems]).toEqual([]);
  }, 180_000);

  it("show a job on after they were reloaded, and cancel it", async () => {
    const archive = await bench.archive("held.zip");
    await using opened = await openPage(browser, `${server.url}/upload`);
    const { page, problems } = opened;
    const row = jobRow(page, "held.zip");
    gate.close();
    try {
      await choose(page, archive.path);
      await row.getByText("Running", { exact: true }).waitFor(WAIT);
      await page.reload();
      await row.getByText("Running", { exact: true }).waitFor(WAIT);
      await row.getByRole("progressbar").waitFor(WAIT);
      // The answer, which says that the job still runs, comes later than the event that it ended.
      await page.route("**/cancel", async (route) => {
        const response = await route.fetch();
        await row.getByText("Cancelled", { exact: true }).waitFor(WAIT);
        await route.fulfill({ response });
      });
      await row.getByRole("button", { name: "Cancel" }).click();
      await row.getByText("Cancelled", { exact: true }).waitFor(WAIT);
    } finally {
      gate.open();
    }
    await row.getByRole("button", { name: "Retry" }).click();
    await row.getByText("Done", { exact: true }).waitFor(WAIT);
    expect(await bench.held(archive.serial)).toBe(archive.samples);
    expect(problems).toEqual([]);
  }, 180_000);

  it("go on with an upload that a reload broke off", async () => {
    const archive = await bench.archive("broken-off.zip", { filesPerController: 60 });
    await using opened = await openPage(browser, `${server.url}/upload`);
    const { page, context } = opened;
    const network = await context.newCDPSession(page);
    const slow = { offline: false, latency: 0, downloadThroughput: -1 };
    const bytesPerSecond = statSync(archive.path).size / 20;
    await network.send("Network.enable");
    await network.send("Network.emulateNetworkConditions", {
      ...slow,
      uploadThroughput: bytesPerSecond,
    });
    await choose(page, archive.path);
    const sending = page.getByRole("listitem").filter({ hasText: "broken-off.zip" });
    await sending.getByText(/^\d+ % · /).waitFor(WAIT);
    await expect.poll(() => arrivedBytes(bench), WAIT).toBeGreaterThan(0);
    await page.reload();
    await network.send("Network.emulateNetworkConditions", { ...slow, uploadThroughput: -1 });
    await sending.getByText("Unfinished", { exact: true }).waitFor(WAIT);
    const [sent] = await Promise.all([
      page.waitForRequest((request) => request.method() === "PATCH"),
      sending.locator("input[type=file]").setInputFiles(archive.path),
    ]);
    expect(Number(sent.headers()["upload-offset"])).toBeGreaterThan(0);
    await jobRow(page, "broken-off.zip").getByText("Done", { exact: true }).waitFor(WAIT);
    expect(await bench.held(archive.serial)).toBe(archive.samples);
    // One job, not one for each try.
    expect(await page.getByRole("listitem").filter({ hasText: "broken-off.zip" }).count()).toBe(1);
  }, 180_000);

  it("say what is wrong with a wrong file, beside it", async () => {
    const photo = join(bench.folder, "photo.jpg");
    const fake = join(bench.folder, "fake.zip");
    writeFileSync(photo, "a photo");
    writeFileSync(fake, "no archive at all");
    await using opened = await openPage(browser, `${server.url}/upload`);
    const { page } = opened;
    await choose(page, photo, fake);
    const rowOf = (name: string) =>
      page
        .getByRole("list", { name: "Files that are sent" })
        .getByRole("listitem")
        .filter({ hasText: name });
    await expect
      .poll(() => rowOf("photo.jpg").getByRole("alert").textContent())
      .toMatch(/no archive/);
    await rowOf("fake.zip").getByText("Refused", { exact: true }).waitFor(WAIT);
    expect(await rowOf("fake.zip").getByRole("alert").textContent()).toContain("fake.zip");
    await rowOf("photo.jpg").getByRole("button", { name: "Remove" }).click();
    await expect.poll(() => rowOf("photo.jpg").count()).toBe(0);
    // What was refused is not offered again.
    await page.reload();
    await page.getByText("Live", { exact: true }).waitFor(WAIT);
    expect(await rowOf("fake.zip").count()).toBe(0);
  }, 180_000);

  it("tell of a damaged archive what was lost", async () => {
    const archive = await bench.archive("damaged.zip", {
      faults: [{ kind: "corrupt-gzip", file: 2 }],
    });
    await using opened = await openPage(browser, `${server.url}/upload`);
    const { page, problems } = opened;
    await choose(page, archive.path);
    const row = jobRow(page, "damaged.zip");
    await row.getByText("Done in part", { exact: true }).waitFor(WAIT);
    expect(await row.textContent()).toContain("7 of 8 files whole");
    await row.getByText("1 problem").click();
    expect(await row.locator(".problems li").textContent()).toContain("PerfData_");
    await row.getByRole("button", { name: "Log" }).click();
    await expect
      .poll(() => row.getByRole("log").textContent())
      .toMatch(/^\d\d:\d\d:\d\d .*PerfData_/);
    expect(problems).toEqual([]);
  }, 180_000);

  it("make files that can be downloaded", async () => {
    const archive = await bench.archive("tables.zip");
    await using opened = await openPage(browser, `${server.url}/upload`);
    const { page, problems } = opened;
    await page.getByRole("radio", { name: "CSV", exact: false }).first().check();
    await choose(page, archive.path);
    await jobRow(page, "tables.zip").getByText("Done", { exact: true }).waitFor(WAIT);
    await page.getByRole("link", { name: "Arrays" }).click();
    const row = page.getByRole("row").filter({ hasText: "tables.zip" });
    const link = row.getByRole("link").first();
    const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
    expect(download.suggestedFilename()).toBe(await link.textContent());
    expect(statSync(await download.path()).size).toBeGreaterThan(0);
    await row.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Delete files" }).click();
    await expect.poll(() => row.count()).toBe(0);
    expect(problems).toEqual([]);
  }, 180_000);

  it("delete an array after they have asked", async () => {
    const archive = await loaded("doomed.zip");
    await using opened = await openPage(browser, `${server.url}/`, { width: 360 });
    const { page, problems } = opened;
    const row = page.getByRole("rowheader").filter({ hasText: archive.serial });
    await row.waitFor(WAIT);
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBe(360);
    const remove = page.getByRole("button", { name: `Delete ${archive.serial}` });
    await remove.click();
    await page.keyboard.press("Escape");
    expect(await bench.held(archive.serial)).toBe(archive.samples);
    await remove.click();
    await page.getByRole("button", { name: "Delete array" }).click();
    await expect.poll(() => row.count(), WAIT).toBe(0);
    expect(await bench.held(archive.serial)).toBe(0);
    expect(problems).toEqual([]);
  }, 180_000);

  it("find their server again when it was killed within a job", async () => {
    const port = await freePort();
    const settings = { port, dataFolder: join(bench.folder, "killed"), vmUrl: gate.url };
    const archive = await bench.archive("interrupted.zip");
    let other = await startServerProcess(settings);
    try {
      await using opened = await openPage(browser, `http://127.0.0.1:${port}/upload`);
      const { page } = opened;
      gate.close();
      await choose(page, archive.path);
      const row = jobRow(page, "interrupted.zip");
      await row.getByText("Running", { exact: true }).waitFor(WAIT);
      await other.kill();
      await page.getByText("Not connected").waitFor(WAIT);
      other = await startServerProcess(settings);
      await page.getByText("Live", { exact: true }).waitFor(WAIT);
      gate.open();
      await row.getByText("Done", { exact: true }).waitFor({ timeout: 120_000 });
      expect(await bench.held(archive.serial)).toBe(archive.samples);
    } finally {
      gate.open();
      await other.stop();
    }
  }, 240_000);

  it("ask for the token of a server that has one", async () => {
    const locked = await bench.start({
      token: "let me in, please",
      dataFolder: join(bench.folder, "locked"),
    });
    await using opened = await openPage(browser, `${locked.url}/upload`);
    const { page } = opened;
    const field = page.getByLabel("Access token");
    await field.fill("a guess at it");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.getByRole("alert").textContent()).toMatch(/does not accept/);
    await field.fill("let me in, please");
    await page.keyboard.press("Enter");
    await page.getByText("Live", { exact: true }).waitFor(WAIT);
    const archive = await bench.archive("secret.zip");
    await choose(page, archive.path);
    await jobRow(page, "secret.zip").getByText("Done", { exact: true }).waitFor(WAIT);
  }, 180_000);

  /** An archive in the database, loaded without the pages. */
  async function loaded(name: string): Promise<TestArchive> {
    const archive = await bench.archive(name);
    const data = new FormData();
    data.set("file", new Blob([new Uint8Array(readFileSync(archive.path))]), name);
    await fetch(`${server.url}/v1/uploads/form`, { method: "POST", body: data });
    await expect
      .poll(async () => (await ask(`${server.url}/v1/arrays/${archive.serial}`)).status, WAIT)
      .toBe(200);
    await fetch(`${bench.database.url}/internal/force_flush`);
    return archive;
  }
});

async function choose(page: Page, ...paths: readonly string[]): Promise<void> {
  await page.getByLabel("Choose files").setInputFiles([...paths]);
}

/** The job of a file; not its upload, which has no log. */
function jobRow(page: Page, name: string): Locator {
  return page
    .getByRole("listitem")
    .filter({ hasText: name })
    .filter({ has: page.getByRole("button", { name: /log of/i }) });
}

async function rangeOf(page: Page): Promise<readonly [number, number]> {
  const plot = page.locator("div.plot").first();
  const [from, to] = ["data-from", "data-to"].map((name) => plot.getAttribute(name));
  return [Number(await from), Number(await to)];
}

/** What the server has of uploads that are not complete. */
function arrivedBytes({ folder }: TestBench): number {
  const incoming = join(folder, "data", "incoming");
  const files = globSync("*", { cwd: incoming }).filter((name) => !name.endsWith(".json"));
  return files.reduce((sum, name) => sum + statSync(join(incoming, name)).size, 0);
}

async function textsOf(page: Page, selector: string): Promise<readonly string[]> {
  return await page.locator(selector).allTextContents();
}

function width([from, to]: readonly [number, number]): number {
  return to - from;
}

/** How many colors the chart's canvas holds: a blank one has one. */
async function colorsIn(page: Page): Promise<number> {
  return await page.evaluate<number>(`(() => {
    const canvas = document.querySelector(".plot canvas");
    const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(image.data.buffer)).size;
  })()`);
}
