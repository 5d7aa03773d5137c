import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatBytes, formatFigure, formatShare } from "./format-number.ts";
import { formatDuration, formatTime, parseTime } from "./format-time.ts";

describe("figures", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "1.00 kB"],
    [999_499, "999 kB"],
    [999_500, "1.00 MB"],
    [12_340_000_000, "12.3 GB"],
  ])("shows %d bytes as %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it("never shows four digits in front of a larger unit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 50 }), (bytes) => {
        expect(formatBytes(bytes)).toMatch(/^(\d{1,3}|\d\d\.\d|\d\.\d\d) [kMGTP]?B$/);
      }),
    );
  });

  it("shows 100 % only at the end", () => {
    expect(formatShare(9_999, 10_000)).toBe("99 %");
    expect(formatShare(10_000, 10_000)).toBe("100 %");
    expect(formatShare(0, 0)).toBe("0 %");
  });

  it("groups and shortens values", () => {
    expect(formatFigure(null)).toBe("–");
    expect(formatFigure(0.1234, 3)).toBe("0.123");
    expect(formatFigure(12_345)).toBe("12,345");
    expect(formatFigure(123_456)).toBe("123k");
    expect(formatFigure(-12_345_678)).toBe("-12.3M");
  });
});

describe("times", () => {
  it("shows a moment in UTC, with seconds where there are some", () => {
    expect(formatTime(Date.UTC(2025, 9, 20, 9, 5), "utc")).toBe("2025-10-20 09:05");
    expect(formatTime(Date.UTC(2025, 9, 20, 9, 5, 7), "utc")).toBe("2025-10-20 09:05:07");
  });

  it("reads what it shows", () => {
    // In local time an hour comes twice when clocks go back.
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
        expect(parseTime(formatTime(seconds * 1000, "utc"), "utc")).toBe(seconds * 1000);
        const local = parseTime(formatTime(seconds * 1000, "local"), "local");
        expect(formatTime(local ?? Number.NaN, "local")).toBe(formatTime(seconds * 1000, "local"));
      }),
    );
  });

  it.each([
    "",
    "yesterday",
    "2025-10-20",
    "2025-10-20 25:00",
    "2025-13-20 10:00",
    "20.10.2025 10:00",
  ])("does not read %j", (text) => {
    expect(parseTime(text, "utc")).toBeUndefined();
  });

  it("shows the two largest units of a duration", () => {
    expect(formatDuration(0)).toBe("0 s");
    expect(formatDuration(300_000)).toBe("5 min");
    expect(formatDuration(93_784_000)).toBe("1 d 2 h");
  });
});
