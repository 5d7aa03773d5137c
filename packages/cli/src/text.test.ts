import { describe, expect, it } from "vitest";
import {
  clock,
  facts,
  grouped,
  jsonText,
  megabytes,
  minute,
  plural,
  printable,
  short,
  table,
} from "./text.ts";

describe("numbers as text", () => {
  it.each([
    [0, "0"],
    [0.25, "0.3"],
    [7, "7"],
    [12.6, "13"],
    [999, "999"],
    [1_000, "1.00 k"],
    [4_512, "4.51 k"],
    [12_345_678, "12.3 M"],
    [1.8e9, "1.80 G"],
    [40e12, "40.0 T"],
  ])("shortens %d to %s", (value, text) => {
    expect(short(value)).toBe(text);
  });

  it("groups digits as Intl does", () => {
    for (const value of [0, 7, 999, 1_000, 12_345, 123_456, 1_234_567, 40e12]) {
      expect(grouped(value)).toBe(value.toLocaleString("en-US"));
    }
    expect(grouped(1_999.6)).toBe("2,000");
  });

  it.each([
    [0, "0 kB"],
    [1, "1 kB"],
    [10_543, "11 kB"],
    [4_325_348, "4.3 MB"],
    [143_000_000, "143 MB"],
  ])("tells %d bytes as %s", (bytes, text) => {
    expect(megabytes(bytes)).toBe(text);
  });

  it.each([
    [-5, "0:00"],
    [7_400, "0:07"],
    [754_000, "12:34"],
    [3_723_000, "1:02:03"],
  ])("tells %d ms as %s", (ms, text) => {
    expect(clock(ms)).toBe(text);
  });

  it("tells a minute in UTC, whatever the zone", () => {
    expect(minute(Date.UTC(2025, 9, 26, 1, 15, 59))).toBe("2025-10-26 01:15");
  });

  it("counts in words", () => {
    expect([0, 1, 2_000].map((count) => plural(count, "file"))).toEqual([
      "0 files",
      "1 file",
      "2,000 files",
    ]);
  });
});

describe("columns", () => {
  it("aligns the values of facts", () => {
    expect(
      facts([
        ["files", "8"],
        ["this process", "1"],
      ]),
    ).toBe("files         8\nthis process  1");
  });

  it("aligns text left and numbers right, each column to its widest cell", () => {
    expect(
      table([
        ["resource", "elements"],
        ["LUN", "38"],
        ["Storage Pool", "1"],
      ]),
    ).toBe("resource      elements\nLUN                 38\nStorage Pool         1");
  });
});

describe("jsonText", () => {
  it("is the same value, with nothing in it that moves the cursor", () => {
    const value = { "a\u009b2J": ["\u202e\x7f\n", 1, null], "Хранилище 💾": '"\\u0041"' };
    for (const indent of [undefined, 2]) {
      const text = jsonText(value, indent);
      expect(JSON.parse(text)).toEqual(value);
      expect(text).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
      expect(text).toContain("Хранилище 💾");
    }
    expect(jsonText(value, 2).split("\n")).toHaveLength(8);
  });
});

describe("printable", () => {
  it("shows what would move the cursor, and leaves names of any language alone", () => {
    expect(printable("a\x1b[31mred\r\nb\u202ec")).toBe("a\\u001b[31mred\\u000d\\u000ab\\u202ec");
    expect(printable("Хранилище 存储 💾 é")).toBe("Хранилище 存储 💾 é");
  });
});
