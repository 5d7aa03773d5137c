import { describe, expect, it } from "vitest";
import { durationMs } from "./retention.ts";

const DAY = 86_400_000;

describe("durationMs", () => {
  it.each([
    ["1", 31 * DAY],
    ["12", 372 * DAY],
    ["100y", 36_500 * DAY],
    ["1.5d", 1.5 * DAY],
    ["2w", 14 * DAY],
    ["30d", 30 * DAY],
    ["12h30m", 45_000_000],
    ["1m", 60_000],
    ["250ms", 250],
    ["1s500ms", 1_500],
    ["0s", 0],
    [" 1y ", 365 * DAY],
  ])("reads %j", (flag, ms) => {
    expect(durationMs(flag)).toBe(ms);
  });

  it.each(["", " ", "y", "-1d", "1 month", "1x", "forever"])("does not guess at %j", (flag) => {
    expect(durationMs(flag)).toBeUndefined();
  });
});
