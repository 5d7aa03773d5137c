import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { metricsPage } from "../../test/fake-database.ts";
import type { Client } from "./client.ts";
import { freshState } from "./read-state.ts";

/** Rows of each page, in the order in which they are made, a second each. */
interface Page {
  readonly inserted: number;
  readonly stored: number;
  readonly lost: number;
}

/** Asks a database that shows the pages one after another, each four times, then the last one for ever. */
async function ask(pages: readonly Page[], ...lines: readonly string[]) {
  let asked = 0;
  const get = async (): Promise<string> => {
    const at = Math.min(pages.length - 1, Math.floor(asked / 4));
    asked += 1;
    const { inserted, stored, lost } = pages[at] as Page;
    return metricsPage(
      1_000,
      ...lines,
      `vm_app_uptime_seconds ${at + 1}`,
      `vm_hourly_series_limit_rows_dropped_total ${lost}`,
      `vm_rows_inserted_total{type="promremotewrite"} ${inserted}`,
      `vm_rows_added_to_storage_total ${stored}`,
    );
  };
  const state = freshState({ get } as Partial<Client> as Client);
  await vi.runAllTimersAsync();
  return { lost: (await state).lostRows.get("hourly_series_limit"), asked };
}

const OLD: Page = { inserted: 10, stored: 10, lost: 0 };
const NEW: Page = { inserted: 20, stored: 20, lost: 5 };

describe("a fresh state", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is the first new page where the storage was given all that was inserted", async () => {
    expect(await ask([OLD, NEW, { ...NEW, lost: 6 }])).toEqual({ lost: 5, asked: 5 });
  });

  it("is the second one where the first shows the storage as it was", async () => {
    expect(await ask([OLD, { ...OLD, inserted: 20 }, NEW])).toEqual({ lost: 5, asked: 9 });
  });

  it.each([
    ["what a limit dropped comes before the rows", "storage.maxHourlySeries", "5"],
    ["what a limit dropped comes before the rows", "storage.maxDailySeries", "5"],
    ["the server takes rows of itself", "selfScrapeInterval", "1s"],
  ])("is the second one where %s (-%s=%s), though the counts are equal", async (_, flag, value) => {
    const line = `flag{name="${flag}", value="${value}", is_set="true"} 1`;
    expect(await ask([OLD, { ...NEW, lost: 0 }, NEW], line)).toEqual({ lost: 5, asked: 9 });
  });

  it.each([
    ["storage.maxHourlySeries", "0"],
    ["storage.maxHourlySeries", "-1"],
    ["selfScrapeInterval", "0s"],
  ])("waits no longer where the flag is off (-%s=%s)", async (flag, value) => {
    const line = `flag{name="${flag}", value="${value}", is_set="false"} 1`;
    expect(await ask([OLD, NEW], line)).toEqual({ lost: 5, asked: 5 });
  });

  it("does not wait for ever for a page that never changes, nor for counts that never agree", async () => {
    expect(await ask([OLD])).toEqual({ lost: 0, asked: 25 });
    expect(await ask([OLD, { ...NEW, stored: 3 }])).toEqual({ lost: 5, asked: 25 });
  });
});
