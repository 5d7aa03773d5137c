import { describe, expect, it } from "vitest";
import { type DatBlock, datBytes } from "../../test/dat-bytes.ts";
import { columnCount, type MapText } from "./block-map.ts";
import { datBlocks } from "./dat-blocks.ts";
import { timeBounds } from "./plausible-times.ts";

/** Reads a `.dat` to its end, and counts whose columns were named. */
function walk(given: readonly DatBlock[]) {
  const bytes = datBytes(given);
  let named = 0;
  const columnsOf = (map: MapText) => {
    named += 1;
    return { columnCount: columnCount(map.resources()) };
  };
  const rows: number[] = [];
  let problem: unknown;
  try {
    for (const block of datBlocks(bytes, bytes.length, timeBounds(), columnsOf)) {
      rows.push(block.rowCount);
    }
  } catch (error) {
    problem = error;
  }
  return { rows, named, problem };
}

const limit = (message: string) =>
  expect.objectContaining({
    code: "LIMIT_EXCEEDED",
    message: expect.stringContaining(message),
  });

/** A map of so many columns, in a text of a few bytes for each of its elements. */
function wideMap(elements: number, metrics: number, name = "e"): string {
  const names = JSON.stringify(Array.from({ length: elements }, (_, i) => `${name}${i}`));
  const ids = JSON.stringify(Array.from({ length: metrics }, (_, i) => i));
  return `{"11":{"IDs":${names},"Names":${names},"DataTypes":${ids}}}`;
}

describe("datBlocks", () => {
  it("names no columns where there are no rows, and reads on behind them", () => {
    const start = 1_760_000_040;
    const empty = { start, end: start, map: wideMap(1_000, 400), values: [] };
    expect(walk([empty, {}])).toEqual({ rows: [0, 3], named: 1, problem: undefined });
  });

  it("wants a sound map even where there are no rows", () => {
    const { rows, problem } = walk([{ start: 9, end: 9, map: '{"11":{}}', values: [] }, {}]);
    expect(rows).toEqual([]);
    expect(problem).toMatchObject({ code: "CORRUPT_INPUT" });
  });

  it("refuses a map that would fill the memory", () => {
    const text = `{"x":[${"[],".repeat(6_000_000)}[]]}`;
    expect(walk([{}, { text }])).toEqual({
      rows: [3],
      named: 1,
      problem: limit("The map of a block has 18000010 bytes, more than the limit of 16777216"),
    });
  });

  it("ends at more blocks than any file has", () => {
    const none = { start: 9, end: 9, map: "{}", values: [] };
    const { rows, problem } = walk(Array.from({ length: 10_001 }, () => none));
    expect(rows).toHaveLength(10_000);
    expect(problem).toEqual(limit("is beyond the first 10000 blocks"));
  });

  it("ends at more maps than any file has, however often one comes again", () => {
    const block = (i: number): DatBlock => ({
      start: 1_760_000_040,
      end: 1_760_000_100,
      map: wideMap(1, 1, `map ${i} `),
      values: [i],
    });
    const hundred = Array.from({ length: 100 }, (_, i) => block(i));
    expect(walk([...hundred, ...hundred])).toMatchObject({ problem: undefined, named: 200 });
    const { rows, problem } = walk([...hundred, ...hundred, block(100)]);
    expect(rows).toHaveLength(200);
    expect(problem).toEqual(limit("is beyond the first 100 maps"));
  });

  it("ends at more columns than any file has, all maps together", () => {
    const block = (name: string): DatBlock => ({
      start: 1_760_000_040,
      end: 1_760_000_100,
      map: wideMap(1_000, 200, name),
      values: Array.from({ length: 200_000 }, () => 0),
    });
    const { rows, problem } = walk([block("a"), block("b"), block("a"), block("c")]);
    expect(rows).toEqual([1, 1, 1]);
    expect(problem).toEqual(limit("is beyond the first 500000 columns"));
  });
});
