import {
  fromItems,
  gridLength,
  gridTimes,
  pipeline,
  type SeriesBatch,
  type SeriesTable,
  sampleCount,
  seriesBatch,
} from "@millrace/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SampleSet, SamplesByOrigin } from "../../test/sample-set.ts";
import type { RowCells } from "./archive-parser.ts";
import { type JoinOptions, joinBlocks } from "./join-blocks.ts";
import type { OriginBlock } from "./parse-members.ts";

const tables: readonly SeriesTable[] = [1, 3, 10].map((width) => ({
  id: `${width}`,
  labels: Array.from({ length: width }, (_, i) => ({ __name__: `t${width}_${i}` })),
  ...(width === 3 ? { divisors: Float64Array.of(1, 1000, 1 / 1024) } : {}),
}));

interface BlockPlan {
  readonly table?: number;
  /** Columns of a row beyond those of the table; the table's are then picked from behind. */
  readonly extra?: number;
  readonly rows?: number;
  readonly startMs?: number;
  readonly stepMs?: number;
  readonly type?: RowCells["type"];
  readonly seed?: number;
  readonly origin?: string;
}

// Blocks of one layout share the columns, as those of a parser do.
const picks = new Map<string, Uint32Array>();

function block(plan: BlockPlan): OriginBlock {
  const { table: at = 1, extra = 0, rows = 3, startMs = 0, stepMs = 1_000, type = "int32" } = plan;
  const { seed = 1, origin = "o" } = plan;
  const table = tables[at] as SeriesTable;
  const width = table.labels.length;
  const columnCount = width + extra;
  const key = `${width} ${extra}`;
  const columns =
    picks.get(key) ?? Uint32Array.from({ length: width }, (_, i) => columnCount - 1 - i);
  picks.set(key, columns);
  const cells = Array.from({ length: rows * columnCount }, (_, i) => ((i + 1) * 7919 * seed) | 0);
  const numbers =
    type === "int32" ? Int32Array.from(cells) : Float64Array.from(cells, (n) => n / 3);
  // At an odd place, as rows lie in files.
  const bytes = new Uint8Array(numbers.byteLength + 1).subarray(1);
  bytes.set(new Uint8Array(numbers.buffer));
  return {
    table,
    ...(extra === 0 ? {} : { columns }),
    columnCount,
    rowCount: rows,
    cells: { type, bytes },
    startMs,
    stepMs,
    origin,
  };
}

/** The samples of a block, read cell by cell. */
function addBlock(set: SampleSet, from: OriginBlock): void {
  const { table, columns, columnCount, rowCount, cells, startMs, stepMs } = from;
  const view = new DataView(cells.bytes.buffer, cells.bytes.byteOffset);
  for (const [i, labels] of table.labels.entries()) {
    for (let row = 0; row < rowCount; row++) {
      const cell = row * columnCount + (columns?.[i] ?? i);
      const raw =
        cells.type === "int32" ? view.getInt32(cell * 4, true) : view.getFloat64(cell * 8, true);
      set.add(labels, [startMs + row * stepMs], [raw / (table.divisors?.[i] ?? 1)]);
    }
  }
}

async function joined(blocks: readonly OriginBlock[], options: JoinOptions = {}) {
  const batches: SeriesBatch[] = [];
  const flow = pipeline(
    fromItems(blocks),
    async function* fleeting(input) {
      for await (const item of input) {
        // The bytes are only good until the next block is asked for.
        const bytes = Uint8Array.from(item.cells.bytes);
        yield { ...item, cells: { ...item.cells, bytes } };
        bytes.fill(0xee);
      }
    },
    joinBlocks(options),
  );
  for await (const batch of flow) batches.push(seriesBatch(batch));
  return batches;
}

const shapes = (batches: readonly SeriesBatch[]) =>
  batches.map(({ firstSeries, seriesCount, grid }) => [firstSeries, seriesCount, gridLength(grid)]);

describe("joinBlocks", () => {
  it("joins neighbours of equal columns into one regular grid", async () => {
    const [batch, ...others] = await joined([
      block({ startMs: 0, origin: "a" }),
      block({ startMs: 3_000, origin: "b", seed: 2 }),
    ]);
    expect(others).toEqual([]);
    expect(batch).toMatchObject({
      table: tables[1],
      firstSeries: 0,
      seriesCount: 3,
      grid: { startMs: 0, stepMs: 1_000, count: 6 },
      origins: [
        { origin: "a", firstRow: 0, rowCount: 3, count: 9 },
        { origin: "b", firstRow: 3, rowCount: 3, count: 9 },
      ],
    });
    expect(batch?.values).toBeInstanceOf(Int32Array);
    const first = Array.from({ length: 3 }, (_, row) => (row * 3 + 1) * 7919);
    expect([...(batch?.values.subarray(0, 6) ?? [])]).toEqual([
      ...first,
      ...first.map((n) => n * 2),
    ]);
  });

  it("gives a gap an explicit grid", async () => {
    const [batch] = await joined([block({ startMs: 0 }), block({ startMs: 60_000, rows: 2 })]);
    expect(batch?.grid).toEqual({ timesMs: Float64Array.of(0, 1_000, 2_000, 60_000, 61_000) });
  });

  it.each<[string, BlockPlan]>([
    ["another table", { table: 2 }],
    ["other columns", { extra: 2 }],
    ["another step", { stepMs: 500 }],
    ["another type", { type: "float64" }],
    ["a time that goes back", { startMs: -9_000 }],
    ["a time that overlaps", { startMs: 2_999 }],
  ])("does not join %s", async (_, plan) => {
    const batches = await joined([block({}), block({ startMs: 3_000, ...plan })]);
    expect(batches.map(({ grid }) => gridLength(grid))).toEqual([3, 3]);
  });

  it("does not join another pick of as many columns", async () => {
    const picked = block({ extra: 2 });
    const others = { ...block({ extra: 2, startMs: 3_000 }), columns: Uint32Array.of(0, 1, 2) };
    const batches = await joined([picked, others]);
    expect(batches.map(({ values }) => values[0])).toEqual([5 * 7919, 7919]);
  });

  it("keeps float64 as it is", async () => {
    const [batch] = await joined([block({ type: "float64", rows: 1 })]);
    expect(batch?.values).toEqual(Float64Array.of(7919 / 3, (2 * 7919) / 3, 7919));
  });

  it("passes over blocks without rows or series", async () => {
    const none = { ...block({}), table: { id: "", labels: [] } };
    expect(await joined([block({ rows: 0 }), none])).toEqual([]);
    expect(await joined([])).toEqual([]);
  });

  it("cuts a block that is larger than the bound", async () => {
    expect(shapes(await joined([block({ rows: 10 })], { rows: 4 }))).toEqual([
      [0, 3, 4],
      [0, 3, 4],
      [0, 3, 2],
    ]);
    // A row of three int32 has 12 bytes; less than a row cannot be asked for.
    const lengths = async (bytes: number) =>
      (await joined([block({ rows: 5 })], { bytes })).map(({ grid }) => gridLength(grid));
    expect(await lengths(25)).toEqual([2, 2, 1]);
    expect(await lengths(1)).toEqual([1, 1, 1, 1, 1]);
    expect(await lengths(Number.POSITIVE_INFINITY)).toEqual([5]);
  });

  it("takes whole rows where a bound is no whole number", async () => {
    expect(shapes(await joined([block({ rows: 5 })], { rows: 2.5 }))).toEqual([
      [0, 3, 2],
      [0, 3, 2],
      [0, 3, 1],
    ]);
  });

  it("delivers a join as batches of consecutive series", async () => {
    const batches = await joined([block({ table: 2, rows: 5 })], { batchBytes: 61 });
    expect(shapes(batches)).toEqual([
      [0, 3, 5],
      [3, 3, 5],
      [6, 3, 5],
      [9, 1, 5],
    ]);
  });

  it.each([{ rows: 0 }, { bytes: -1 }, { batchBytes: Number.NaN }])("refuses %o", (options) => {
    expect(() => joinBlocks(options)).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
  });

  it("delivers what is waiting only when it is asked for", async () => {
    let asked = 0;
    const input = async function* () {
      for (let i = 0; i < 10; i++) {
        asked += 1;
        yield block({ startMs: i * 3_000 });
      }
    };
    for await (const _ of pipeline(fromItems(input()), joinBlocks({ rows: 6 }))) break;
    expect(asked).toBe(2);
  });

  it("keeps every sample, in order and within its bounds, for any blocks", {
    timeout: 60_000,
  }, async () => {
    const plan = fc.record({
      table: fc.constantFrom(0, 1, 1, 1, 2),
      extra: fc.constantFrom(0, 0, 0, 2),
      rows: fc.integer({ min: 0, max: 12 }),
      // Mostly right behind the block before; else earlier, later or at the same time.
      shift: fc.constantFrom(0, 0, 0, 0, 5_000, -2_000, 500, -100_000),
      stepMs: fc.constantFrom(1_000, 1_000, 1_000, 250),
      type: fc.constantFrom<RowCells["type"]>("int32", "int32", "float64"),
      seed: fc.integer({ min: 1, max: 1_000 }),
      file: fc.nat(3),
    });
    const bounds = fc.record({
      rows: fc.integer({ min: 1, max: 30 }),
      bytes: fc.integer({ min: 1, max: 2_000 }),
      batchBytes: fc.integer({ min: 1, max: 500 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(plan, { maxLength: 12 }), bounds, async (plans, options) => {
        let nextMs = 0;
        const blocks = plans.map(({ shift, file, ...rest }) => {
          const startMs = nextMs + shift;
          nextMs = startMs + rest.rows * rest.stepMs;
          return block({ ...rest, startMs, origin: `file ${file}` });
        });
        const expected = new SampleSet();
        const perOrigin = new SamplesByOrigin();
        for (const from of blocks) {
          addBlock(expected, from);
          addBlock(perOrigin.of(from.origin), from);
        }
        const delivered = new SamplesByOrigin();
        for (const batch of await joined(blocks, options)) {
          const { table, values, grid, origins, seriesCount } = batch;
          const rows = gridLength(grid);
          const times = gridTimes(grid);
          expect(rows).toBeLessThanOrEqual(options.rows);
          if (rows > 1) {
            const rowBytes = table.labels.length * values.BYTES_PER_ELEMENT;
            expect(rows * rowBytes).toBeLessThanOrEqual(options.bytes);
          }
          if (seriesCount > 1) expect(values.byteLength).toBeLessThanOrEqual(options.batchBytes);
          for (let t = 1; t < rows; t++) expect(times[t]).toBeGreaterThan(times[t - 1] as number);
          expect(origins.reduce((sum, { count }) => sum + count, 0)).toBe(sampleCount(batch));
          delivered.add(batch);
        }
        for (const origin of delivered.origins) {
          expect(perOrigin.of(origin).lacks(delivered.of(origin))).toEqual([]);
        }
        for (const origin of perOrigin.origins) {
          expect(delivered.of(origin).lacks(perOrigin.of(origin))).toEqual([]);
        }
        expect(delivered.origins.reduce((sum, o) => sum + delivered.of(o).size, 0)).toBe(
          expected.size,
        );
      }),
      { numRuns: 300 },
    );
  });
});
