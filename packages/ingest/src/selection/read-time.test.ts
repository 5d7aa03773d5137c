import { describe, expect, it } from "vitest";
import { readTime } from "./read-time.ts";

describe("readTime", () => {
  it.each<[string, string]>([
    ["2025-10-20", "2025-10-20T00:00:00.000Z"],
    ["2025-10-20T00:15", "2025-10-20T00:15:00.000Z"],
    ["2025-10-20 00:15:30", "2025-10-20T00:15:30.000Z"],
    ["2025-10-20T00:15:30.5Z", "2025-10-20T00:15:30.500Z"],
    ["2025-10-20T02:15:00+02:00", "2025-10-20T00:15:00.000Z"],
    ["1760918400", "2025-10-20T00:00:00.000Z"],
    ["1760918400.25", "2025-10-20T00:00:00.250Z"],
    ["1760918400000", "2025-10-20T00:00:00.000Z"],
  ])("takes %s for %s", (text, iso) => {
    expect(new Date(readTime(text, "--from")).toISOString()).toBe(iso);
  });

  it.each(["", "yesterday", "20.10.2025", "2025-13-01", "2025-10-20T25:00", "-5"])(
    "refuses %j",
    (text) => {
      expect(() => readTime(text, "--from")).toThrow(/^--from: .* is no time; give one such as/);
    },
  );
});
