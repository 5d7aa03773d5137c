import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assign } from "./assign.ts";

const problems = fc
  .record({ rows: fc.integer({ min: 0, max: 5 }), columns: fc.integer({ min: 0, max: 5 }) })
  .chain(({ rows, columns }) =>
    fc.record({
      rows: fc.constant(rows),
      columns: fc.constant(columns),
      costs: fc
        .array(fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant(Number.NaN)), {
          minLength: rows * columns,
          maxLength: rows * columns,
        })
        .map((list) => Float64Array.from(list)),
    }),
  );

const LIMIT = 12;

describe("assign", () => {
  it("finds what trying everything finds", () => {
    fc.assert(
      fc.property(problems, ({ rows, columns, costs }) => {
        const columnOf = assign(costs, rows, columns, LIMIT);
        const used = [...columnOf].filter((column) => column >= 0);
        expect(new Set(used).size).toBe(used.length);
        let sum = 0;
        columnOf.forEach((column, row) => {
          if (column < 0) return;
          expect(costs[row * columns + column]).toBeLessThan(LIMIT);
          sum += (costs[row * columns + column] as number) - LIMIT;
        });
        expect(sum).toBe(best(costs, rows, columns, 0, new Set()));
      }),
      { numRuns: 500 },
    );
  });

  it("leaves alone what would cost too much", () => {
    expect([...assign(Float64Array.of(5, 30, 30, 30), 2, 2, LIMIT)]).toEqual([0, -1]);
    expect([...assign(new Float64Array(0), 2, 0, LIMIT)]).toEqual([-1, -1]);
  });

  it("prefers the first of equal ones, every time", () => {
    expect([...assign(Float64Array.of(1, 1, 1, 1), 2, 2, LIMIT)]).toEqual([0, 1]);
  });
});

/** The least sum over every pairing. */
function best(
  costs: Float64Array,
  rows: number,
  columns: number,
  row: number,
  taken: Set<number>,
): number {
  if (row === rows) return 0;
  let least = best(costs, rows, columns, row + 1, taken);
  for (let column = 0; column < columns; column++) {
    const cost = costs[row * columns + column] as number;
    if (taken.has(column) || !(cost < LIMIT)) continue;
    taken.add(column);
    least = Math.min(least, cost - LIMIT + best(costs, rows, columns, row + 1, taken));
    taken.delete(column);
  }
  return least;
}
