/**
 * Pairs rows with columns so that the sum of `cost - limit` over the pairs is the least there is; no pair costs
 * `limit` or more, and a row or column may stay alone.
 *
 * Shortest augmenting paths, as Jonker and Volgenant (1987) have it, over the smaller side: at most
 * `smaller² × larger` steps. Deterministic.
 *
 * @param costs - `[rows, columns]`, row by row; NaN counts as too much
 * @returns the column of each row, or -1
 */
export function assign(
  costs: Float64Array,
  rows: number,
  columns: number,
  limit: number,
): Int32Array {
  const gain = (row: number, column: number): number => {
    const value = (costs[row * columns + column] as number) - limit;
    // NaN gains nothing, too.
    return Number.isNaN(value) ? 0 : Math.min(value, 0);
  };
  const columnOf = new Int32Array(rows).fill(-1);
  const upright = rows <= columns;
  const pairs = upright
    ? shortestPaths(rows, columns, gain)
    : shortestPaths(columns, rows, (column, row) => gain(row, column));
  pairs.forEach((larger, smaller) => {
    const [row, column] = upright ? [smaller, larger] : [larger, smaller];
    // Every one of the smaller side has a partner; those that gain nothing are none.
    if (gain(row, column) < 0) columnOf[row] = column;
  });
  return columnOf;
}

/**
 * The least sum of a full pairing of the smaller side.
 *
 * @returns the partner of each of the smaller side
 */
function shortestPaths(
  smaller: number,
  larger: number,
  cost: (small: number, large: number) => number,
): Int32Array {
  // Index 0 stands for "none" in all of these.
  const smallPrice = new Float64Array(smaller + 1);
  const largePrice = new Float64Array(larger + 1);
  const partner = new Int32Array(larger + 1);
  const previous = new Int32Array(larger + 1);
  for (let start = 1; start <= smaller; start++) {
    const distance = new Float64Array(larger + 1).fill(Number.POSITIVE_INFINITY);
    const done = new Uint8Array(larger + 1);
    let at = 0;
    partner[0] = start;
    do {
      done[at] = 1;
      const small = partner[at] as number;
      let step = Number.POSITIVE_INFINITY;
      let next = 0;
      for (let large = 1; large <= larger; large++) {
        if (done[large] === 1) continue;
        const reduced =
          cost(small - 1, large - 1) -
          (smallPrice[small] as number) -
          (largePrice[large] as number);
        if (reduced < (distance[large] as number)) {
          distance[large] = reduced;
          previous[large] = at;
        }
        if ((distance[large] as number) < step) {
          step = distance[large] as number;
          next = large;
        }
      }
      for (let large = 0; large <= larger; large++) {
        if (done[large] === 1) {
          const small = partner[large] as number;
          smallPrice[small] = (smallPrice[small] as number) + step;
          largePrice[large] = (largePrice[large] as number) - step;
        } else {
          distance[large] = (distance[large] as number) - step;
        }
      }
      at = next;
    } while (partner[at] !== 0);
    while (at !== 0) {
      const before = previous[at] as number;
      partner[at] = partner[before] as number;
      at = before;
    }
  }
  const result = new Int32Array(smaller);
  for (let large = 1; large <= larger; large++) {
    const small = partner[large] as number;
    if (small > 0) result[small - 1] = large - 1;
  }
  return result;
}
