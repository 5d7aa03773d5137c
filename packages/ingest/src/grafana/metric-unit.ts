import { cleanMetric } from "../oceanstor/clean-name.ts";
import type { IdTables, Naming } from "../oceanstor/id-tables.ts";

/** What the values of a metric in the database are. */
export interface MetricUnit {
  /** Base unit: `seconds`, `bytes`, `bytes_per_second`, `ratio`, `iops` …; empty where none is known. */
  readonly base: string;
  /** Value in the base unit = value in the database × factor. */
  readonly factor: number;
  /** Grafana's name of the unit that the values in the database have. */
  readonly grafana: string;
}

const KIB = 1024;
const MIB = KIB * KIB;

/** Grafana's units by base unit and factor. Those of the vendor count in 1,024. */
const GRAFANA: Readonly<Record<string, ReadonlyMap<number, string>>> = {
  seconds: new Map([
    [1, "s"],
    [1e-3, "ms"],
    [1e-6, "µs"],
  ]),
  bytes: new Map([
    [1, "bytes"],
    [KIB, "kbytes"],
    [MIB, "mbytes"],
    [MIB * KIB, "gbytes"],
  ]),
  bytes_per_second: new Map([
    [1, "binBps"],
    [KIB, "KiBs"],
    [MIB, "MiBs"],
  ]),
  ratio: new Map([
    [1, "percentunit"],
    [0.01, "percent"],
  ]),
  iops: new Map([[1, "iops"]]),
  packets_per_second: new Map([[1, "pps"]]),
  per_second: new Map([[1, "ops"]]),
};

/**
 * Finds the unit that values in the database have, which is not always the one that a seed name ends
 * with: what is stored decides, and the divisor that the parser applies.
 */
export function metricUnit(tables: IdTables, id: number, naming: Naming): MetricUnit {
  const { name, divisor } = tables.metricOf(id);
  const clean = cleanMetric(name, divisor);
  const factor = tables.metricOf(id, naming).divisor / clean.divisor;
  const grafana = GRAFANA[clean.unit]?.get(factor) ?? countOf(name);
  return { base: clean.unit, factor, grafana };
}

/** Some rates have no unit behind their names but say what they are. */
function countOf(name: string): string {
  if (/\bIOPS\b/i.test(name)) return "iops";
  return /\bOPS\b|\bper second\b/i.test(name) ? "ops" : "short";
}
