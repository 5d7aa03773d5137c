import { describe, expect, it } from "vitest";
import {
  itemsToStart,
  newItem,
  refusalOf,
  totalsOf,
  type UploadState,
  withProgress,
} from "./upload-item.ts";

describe("the queue of uploads", () => {
  it("starts the next ones up to its limit, in order", () => {
    const items = [
      item("a", "uploading"),
      item("b", "waiting"),
      item("c", "failed"),
      item("d", "waiting"),
      item("e", "waiting"),
    ];
    expect(itemsToStart(items, 3).map(({ id }) => id)).toEqual(["b", "d"]);
    expect(itemsToStart(items, 1)).toEqual([]);
  });

  it("counts only what is still to be sent", () => {
    const moving = { ...item("a", "uploading"), sentBytes: 40, bytesPerSecond: 10 };
    const stopped = { ...item("b", "failed"), sentBytes: 50, bytesPerSecond: 99 };
    expect(totalsOf([moving, stopped, item("c", "waiting")])).toEqual({
      ...{ uploading: 1, waiting: 1, sentBytes: 40, sizeBytes: 200, bytesPerSecond: 10 },
    });
  });

  it("measures speed from the second report on, and what was there before does not count", () => {
    const resumed = withProgress(item("a", "uploading"), 1_000_000, 5_000);
    expect(resumed.bytesPerSecond).toBe(0);
    const later = withProgress(resumed, 1_500_000, 5_500);
    expect(later.bytesPerSecond).toBe(1_000_000);
    // Too soon to be measured.
    expect(withProgress(later, 1_600_000, 5_501).bytesPerSecond).toBe(1_000_000);
    const slower = withProgress(later, 1_500_000, 6_500).bytesPerSecond;
    expect(slower).toBeGreaterThan(0);
    expect(slower).toBeLessThan(1_000_000);
  });

  it.each([
    ["perf.ZIP", 1, undefined],
    ["perf.7z", 100, undefined],
    ["PerfData.tgz", 1, undefined],
    ["photo.jpg", 1, /no archive/],
    ["zip", 1, /no archive/],
    ["perf.zip", 0, /empty/],
    ["perf.zip", 101, /larger/],
  ])("judges %s of %d bytes before it is sent", (name, size, reason) => {
    const refusal = refusalOf({ name, size }, 100);
    if (reason === undefined) expect(refusal).toBeUndefined();
    else expect(refusal).toMatch(reason);
  });
});

function item(id: string, state: UploadState) {
  return { ...newItem({ name: `${id}.zip`, size: 100 }, { id, target: "grafana" }), state };
}
