import { cleanMetric, cleanSeries } from "./clean-name.ts";
import metrics from "./data/metrics.json" with { type: "json" };
import resources from "./data/resources.json" with { type: "json" };
import overrides from "./data/series-overrides.json" with { type: "json" };
import { seriesName } from "./series-name.ts";

/** How one metric id is delivered. */
export interface Metric {
  readonly id: number;
  /** English name. */
  readonly name: string;
  /** Series name: `__name__` in the database. */
  readonly series: string;
  /** value = raw / divisor. */
  readonly divisor: number;
  /** False for an id that is in no table; it goes out as `huawei_unknown_metric_<id>`. */
  readonly known: boolean;
}

/** How one resource type is delivered. */
export interface Resource {
  readonly id: number;
  /** Value of the label `Resource`. */
  readonly name: string;
  /** False for an id that is in no table; it goes out as `UNKNOWN_RESOURCE_<id>`. */
  readonly known: boolean;
}

/**
 * How series are called and in which units their values are: `seed` as dashboards for this data have
 * always expected it, `clean` with names that every system takes and base units.
 */
export type Naming = "seed" | "clean";

/** Ids of your own: they are added to the built-in tables, and replace what these say of the same ids. */
export interface IdTableRows {
  readonly metrics?: readonly MetricRow[];
  readonly resources?: readonly ResourceRow[];
}

/** What an id table says of one metric. */
export interface MetricRow {
  readonly id: number;
  /** English, its unit in parentheses at the end: `Total IOPS (IO/s)`. */
  readonly name: string;
  /** value in the unit of the name = raw / divisor. @defaultValue 1 */
  readonly divisor?: number;
}

/** What an id table says of one resource type. */
export interface ResourceRow {
  readonly id: number;
  /** Value of the label `Resource`. */
  readonly name: string;
}

/** What is known of ids; those that nobody knows get names of their own, so that nothing is dropped. */
export class IdTables {
  /** All metric ids of the tables, ascending. */
  readonly metricIds: readonly number[];
  /** All resource ids of the tables, ascending. */
  readonly resourceIds: readonly number[];
  readonly #metrics: ReadonlyMap<number, MetricRow>;
  readonly #resources: ReadonlyMap<number, string>;
  readonly #overrides: ReadonlyMap<number, string>;
  readonly #seed = new Map<number, Metric>();
  #clean: Map<number, Metric> | undefined;

  /** @param more - ids of the user's own */
  constructor({ metrics: rows = [], resources: types = [] }: IdTableRows = {}) {
    const builtIn = metrics as readonly MetricRow[];
    this.#metrics = new Map([...builtIn, ...rows].map((row) => [row.id, row]));
    this.#resources = new Map([...resources, ...types].map(({ id, name }) => [id, name]));
    // A name that the user gave says more than the one that dashboards expect.
    const replaced = new Set(rows.map(({ id }) => id));
    const kept = overrides.filter(({ id }) => !replaced.has(id));
    this.#overrides = new Map(kept.map(({ id, series }) => [id, series]));
    this.metricIds = ascending(this.#metrics.keys());
    this.resourceIds = ascending(this.#resources.keys());
  }

  /** Looks up a metric. */
  metricOf(id: number, naming: Naming = "seed"): Metric {
    return naming === "seed" ? this.#seedMetric(id) : this.#cleanMetric(id);
  }

  /** Looks up a resource type. */
  resourceOf(id: number): Resource {
    const name = this.#resources.get(id);
    // Two rows of the table carry names of this very form: ids that were seen but never explained.
    const known = name !== undefined && !name.startsWith("UNKNOWN_RESOURCE_");
    return { id, name: name ?? `UNKNOWN_RESOURCE_${id}`, known };
  }

  #seedMetric(id: number): Metric {
    let metric = this.#seed.get(id);
    if (metric === undefined) {
      const row = this.#metrics.get(id);
      const name = row?.name ?? `UNKNOWN_METRIC_${id}`;
      const series = this.#overrides.get(id) ?? seriesName(name);
      metric = { id, name, series, divisor: row?.divisor ?? 1, known: row !== undefined };
      this.#seed.set(id, metric);
    }
    return metric;
  }

  #cleanMetric(id: number): Metric {
    this.#clean ??= this.#cleanTable();
    let metric = this.#clean.get(id);
    if (metric === undefined) {
      metric = { ...this.#seedMetric(id), series: `oceanstor_unknown_metric_${id}` };
      this.#clean.set(id, metric);
    }
    return metric;
  }

  /** Of metrics with one name and unit, the one with the smallest id keeps the plain name. */
  #cleanTable(): Map<number, Metric> {
    const table = new Map<number, Metric>();
    const taken = new Set<string>();
    for (const id of this.metricIds) {
      const metric = this.#seedMetric(id);
      const clean = cleanMetric(metric.name, metric.divisor);
      const plain = cleanSeries(clean);
      const series = taken.has(plain) ? cleanSeries(clean, id) : plain;
      taken.add(series);
      table.set(id, { ...metric, series, divisor: clean.divisor });
    }
    return table;
  }
}

/** The built-in tables. */
export const ID_TABLES: IdTables = new IdTables();

/** All metric ids of the built-in table, ascending. */
export const KNOWN_METRIC_IDS: readonly number[] = ID_TABLES.metricIds;

/** Looks up a metric in the built-in table, under its seed name. */
export function metricOf(id: number): Metric {
  return ID_TABLES.metricOf(id);
}

/** Looks up a resource type in the built-in table. */
export function resourceOf(id: number): Resource {
  return ID_TABLES.resourceOf(id);
}

function ascending(ids: Iterable<number>): readonly number[] {
  return [...ids].sort((a, b) => a - b);
}
