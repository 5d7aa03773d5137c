import { eachSeries, type SeriesBatch, seriesBatch } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { seriesKey } from "../checkpoint/series-keys.ts";
import type { DayRange } from "./day-cover.ts";
import { type CountDays, DAY_MS, LoadParts, type SumDays } from "./load-parts.ts";
import { SampleChecksum } from "./sample-checksum.ts";

const DAY_0 = 18_000;

/** A batch of the given days, one sample of each of its series a day. */
function batchOf(
  days: readonly number[],
  series: readonly (readonly [serial: string, name: string])[],
  change: Partial<SeriesBatch> = {},
): SeriesBatch {
  return seriesBatch({
    table: {
      id: series.join(),
      labels: series.map(([SN, __name__]) => ({ __name__, SN })),
    },
    firstSeries: 0,
    seriesCount: series.length,
    grid: { timesMs: Float64Array.from(days, (day) => (DAY_0 + day) * DAY_MS + 5) },
    values: new Int32Array(days.length * series.length),
    origins: [],
    ...change,
  });
}

interface Asked {
  readonly value: string;
  readonly names: readonly string[];
  readonly days: readonly [first: number, last: number];
}

function counter(answer: (asked: Asked) => number) {
  const asked: Asked[] = [];
  const count: CountDays = async (value, names, { first, last }: DayRange) => {
    const question: Asked = { value, names, days: [first - DAY_0, last - DAY_0] };
    asked.push(question);
    return answer(question);
  };
  return { asked, count };
}

const TWO_SERIES = [
  ["A", "m"],
  ["A", "n"],
] as const;

/** A database that holds what a batch does. */
function sumOf(batch: SeriesBatch): SumDays {
  return async () => {
    const sum = new SampleChecksum();
    for (const { labels, timesMs, values } of eachSeries(batch)) {
      timesMs.forEach((timeMs, i) => {
        sum.add(seriesKey(labels), timeMs, values[i] as number);
      });
    }
    return sum;
  };
}

const nothing: SumDays = async () => new SampleChecksum();

describe("LoadParts", () => {
  it("counts each day of each part and metric once before the load, and all of them after it", async () => {
    const parts = new LoadParts("SN", {});
    const { asked, count } = counter(() => 0);
    const series = [
      ["A", "m"],
      ["A", "n"],
      ["B", "m"],
    ] as const;
    await parts.note(batchOf([0, 1], series), count);
    await parts.note(batchOf([1], series), count);
    await parts.note(batchOf([2], series), count);
    await parts.note(batchOf([1], [["A", "o"]]), count);
    expect(asked.splice(0)).toEqual([
      { value: "A", names: ["m", "n"], days: [0, 1] },
      { value: "B", names: ["m"], days: [0, 1] },
      { value: "A", names: ["m", "n"], days: [2, 2] },
      { value: "B", names: ["m"], days: [2, 2] },
      { value: "A", names: ["o"], days: [1, 1] },
    ]);
    await parts.compare(count, nothing);
    expect(asked).toEqual([
      { value: "A", names: ["m", "n"], days: [0, 2] },
      { value: "A", names: ["o"], days: [1, 1] },
      { value: "B", names: ["m"], days: [0, 2] },
    ]);
  });

  it.each([
    ["complete", 0, 6, { missing: 0, extra: 0 }],
    ["excess", 0, 9, { missing: 0, extra: 3 }],
    ["complete", 40, 46, { missing: 0, extra: 0 }],
    ["complete", 40, 49, { missing: 0, extra: 3 }],
    ["missing", 0, 5, { missing: 1, extra: 0 }],
    ["inconclusive", 40, 45, { missing: 1, extra: 0 }],
    ["complete", 6, 6, { missing: 0, extra: 0 }],
    ["complete", 4, 6, { missing: 0, extra: 0 }],
    ["inconclusive", 6, 2, { missing: 6, extra: 0 }],
  ])("calls it %s when %d became %d and 6 were sent", async (verdict, before, found, rest) => {
    const parts = new LoadParts("SN", {});
    const batch = batchOf([0, 1, 2], TWO_SERIES);
    await parts.note(batch, counter(() => before).count);
    expect(await parts.compare(counter(() => found).count, sumOf(batch))).toEqual([
      { value: "A", sent: 6, before, found, verdict, ...rest },
    ]);
  });

  it("calls it different when the database holds as many, but others", async () => {
    const parts = new LoadParts("SN", {});
    await parts.note(batchOf([0, 1, 2], TWO_SERIES), counter(() => 0).count);
    const values = Int32Array.of(0, 0, 0, 0, 0, 1);
    const other = batchOf([0, 1, 2], TWO_SERIES, { values });
    expect(await parts.compare(counter(() => 6).count, sumOf(other))).toMatchObject([
      { verdict: "different", missing: 0 },
    ]);
  });

  it("counts as sent what a database can hold, row by row", async () => {
    const parts = new LoadParts("SN", {});
    const { count } = counter(() => 0);
    const series = [
      ["A", "m"],
      ["B", "m"],
    ] as const;
    const values = Float64Array.of(1, Number.NaN, 3, 4, 5, 6);
    const present = Uint8Array.of(1, 1, 1, 0, 1, 0);
    await parts.note(batchOf([0, 1, 2], series, { values, present }), count);
    await parts.note(batchOf([0, 1, 2], [["A", "m"]]), count);
    const sent = (await parts.compare(count, nothing)).map((part) => [part.value, part.sent]);
    expect(sent).toEqual([
      ["A", 5],
      ["B", 1],
    ]);
  });

  it("says nothing of a part of which nothing was sent", async () => {
    const parts = new LoadParts("SN", {});
    const { count } = counter(() => 0);
    const series = [
      ["A", "m"],
      ["B", "m"],
    ] as const;
    await parts.note(batchOf([0], series, { seriesCount: 1, values: new Int32Array(1) }), count);
    expect((await parts.compare(count, nothing)).map(({ value }) => value)).toEqual(["A"]);
  });

  it("asks nothing for batches without cells or outside of all times", async () => {
    const parts = new LoadParts("SN", {});
    const { asked, count } = counter(() => 0);
    const times = (...timesMs: readonly number[]) => ({ timesMs: Float64Array.from(timesMs) });
    await parts.note(batchOf([], [["A", "m"]]), count);
    await parts.note(batchOf([0], [["A", "m"]], { grid: times(-5) }), count);
    await parts.note(batchOf([0], [["A", "m"]], { grid: times(1e18) }), count);
    expect(asked).toEqual([]);
    await parts.note(batchOf([0, 0], [["A", "m"]], { grid: times(-5, 1e18) }), count);
    expect(asked).toHaveLength(1);
  });

  it("names the series that belongs to no part", async () => {
    const parts = new LoadParts("array", {});
    const noting = parts.note(batchOf([0], [["A", "m"]]), counter(() => 0).count);
    await expect(noting).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: "The series m has no label array, by which the load is to be checked.",
    });
  });
});
