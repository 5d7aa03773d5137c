import type { SeriesTable } from "@millrace/core";
import { type IdTableRows, IdTables, type Metric } from "./id-tables.ts";

/**
 * Turns tables with clean names back into those with seed names and units, for what knows these alone:
 * the page, dashboards.
 *
 * @param idTables - the same as the parser's
 */
export function seedNaming(idTables?: IdTableRows): (table: SeriesTable) => SeriesTable {
  const tables = new IdTables(idTables);
  const byClean = new Map<string, Metric>();
  for (const id of tables.metricIds) {
    byClean.set(tables.metricOf(id, "clean").series, tables.metricOf(id));
  }
  const seedOf = (series = ""): Metric | undefined => {
    const unknown = /^oceanstor_unknown_metric_(\d+)$/.exec(series);
    return unknown === null ? byClean.get(series) : tables.metricOf(Number(unknown[1]));
  };
  return (table) => {
    const seeds = table.labels.map((labels) => seedOf(labels["__name__"]));
    const divisors = seeds.map((seed, i) => seed?.divisor ?? table.divisors?.[i] ?? 1);
    return {
      id: `${table.id} seed`,
      labels: table.labels.map((labels, i) => {
        const seed = seeds[i];
        return seed === undefined ? labels : { ...labels, __name__: seed.series };
      }),
      ...(divisors.some((divisor) => divisor !== 1)
        ? { divisors: Float64Array.from(divisors) }
        : {}),
    };
  };
}
