import { readFileSync } from "node:fs";
import type { SeriesBatch } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { plainBatch } from "../test/samples.ts";
import { checkBatch, checkLabels, serverLimits } from "./preflight.ts";
import { parseServerState } from "./wire/server-state.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 1);
const silent = parseServerState("");
const debian = parseServerState(
  readFileSync(new URL("../test/metrics-1.79.5.txt", import.meta.url), "utf8"),
);
const withFlags = (flags: Record<string, string>) => ({
  ...silent,
  flags: new Map(Object.entries(flags)),
});

describe("serverLimits", () => {
  it("reads them from the server's flags", () => {
    expect(serverLimits(debian, NOW)).toEqual({
      oldestMs: 0,
      newestMs: NOW + 2 * DAY,
      maxLabels: 30,
      maxLabelNameBytes: 256,
      maxLabelValueBytes: 16_384,
      maxBodyBytes: 32 * 1024 * 1024,
    });
    const flags = {
      retentionPeriod: "30d",
      futureRetention: "1y",
      maxLabelsPerTimeseries: "40",
      maxLabelNameLen: "99",
      maxLabelValueLen: "4096",
    };
    expect(serverLimits(withFlags(flags), NOW)).toMatchObject({
      oldestMs: NOW - 30 * DAY,
      newestMs: NOW + 365 * DAY,
      maxLabels: 40,
      maxLabelNameBytes: 99,
      maxLabelValueBytes: 4_096,
    });
  });

  it.each([
    ["64KB", 64_000],
    ["32MiB", 33_554_432],
    ["32MB", 32_000_000],
    ["1024", 1_024],
    ["a lot", 33_554_432],
  ])("reads a largest request of %s", (maxInsertRequestSize, maxBodyBytes) => {
    expect(serverLimits(withFlags({ maxInsertRequestSize }), NOW)).toMatchObject({ maxBodyBytes });
  });

  it("takes the documented defaults for what a server does not say", () => {
    expect(serverLimits(silent, NOW)).toMatchObject({
      oldestMs: NOW - 31 * DAY,
      newestMs: NOW + 2 * DAY,
      maxLabels: 30,
    });
  });
});

describe("checkBatch", () => {
  const limits = serverLimits(withFlags({ retentionPeriod: "30d" }), NOW);
  const check = (batch: SeriesBatch): void => checkBatch(batch, limits, "http://db:8428");

  it("lets pass what the server keeps, to the millisecond", () => {
    check(plainBatch("a", 1, NOW - 30 * DAY));
    check(plainBatch("a", 3, NOW + 2 * DAY - 2_000));
  });

  it("refuses what is older, and names both times and the flag", () => {
    expect(() => check(plainBatch("a", 3, NOW - 30 * DAY - 1))).toThrow(
      expect.objectContaining({
        code: "SINK_REJECTED",
        message:
          "The data begins 2025-12-01T23:59:59.999Z, but the database at http://db:8428 keeps nothing older than 2025-12-02T00:00:00.000Z and would drop it silently. Start it with a longer retention, such as -retentionPeriod=100y.",
        details: { firstMs: NOW - 30 * DAY - 1, oldestMs: NOW - 30 * DAY },
      }),
    );
  });

  it("refuses what is too far in the future", () => {
    expect(() => check(plainBatch("a", 3, NOW + 2 * DAY - 1_999))).toThrow(
      expect.objectContaining({
        code: "SINK_REJECTED",
        message: expect.stringContaining("takes nothing after 2026-01-03T00:00:00.000Z"),
      }),
    );
    expect(() => check(plainBatch("a", 1, 1e18))).toThrow(/reaches to 1000000000000000000,/);
  });

  it("refuses times before 1970, however long the retention", () => {
    const forever = serverLimits(withFlags({ retentionPeriod: "100y" }), NOW);
    expect(() => checkBatch(plainBatch("a", 1, -1), forever, "http://db")).toThrow(
      expect.objectContaining({ code: "SINK_REJECTED" }),
    );
  });

  it("does not mind the grid of a batch without cells", () => {
    check(plainBatch("a", 0, 0));
  });
});

describe("checkLabels", () => {
  const limits = {
    ...serverLimits(silent, NOW),
    maxLabels: 3,
    maxLabelNameBytes: 8,
    maxLabelValueBytes: 10,
  };

  it("lets pass what fits, in bytes, and does not count empty labels", () => {
    checkLabels({ __name__: "ten_bytes_", a: "éééée1", b: "x", c: "", d: "" }, limits);
  });

  it.each([
    [
      { __name__: "a", b: "1", c: "2", d: "3" },
      "Series a has 4 labels, more than the database keeps (-maxLabelsPerTimeseries=3).",
    ],
    [
      { __name__: "a", b: "éééééé" },
      "Label b of a has 12 bytes, more than the database keeps (-maxLabelValueLen=10).",
    ],
    [
      { __name__: "a", abcdefghi: "x" },
      "A label's name of a has 9 bytes, more than the database keeps (-maxLabelNameLen=8).",
    ],
  ])("refuses %j", (labels, message) => {
    expect(() => checkLabels(labels, limits)).toThrow(
      expect.objectContaining({ code: "SINK_REJECTED", message }),
    );
  });
});
