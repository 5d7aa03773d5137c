import { MillraceError } from "@millrace/core";
import { namePattern } from "../selection/name-pattern.ts";
import { pickIds } from "../selection/pick-ids.ts";
import { DEFAULT_METRIC_IDS } from "./default-metrics.ts";
import { ID_TABLES, type IdTableRows, IdTables, type Naming } from "./id-tables.ts";

/** Which columns of a file are delivered. What is left out counts as filtered. */
export interface ColumnSelection {
  /**
   * Metrics: all, the short list {@link DEFAULT_METRIC_IDS}, or ids, names (of the id tables or of the
   * series, in either naming, in any case) and patterns with `*` and `?`.
   * @defaultValue "all"
   */
  readonly metrics?: "all" | "default" | readonly (number | string)[];
  /** Metrics of these to leave out, named in the same ways. @defaultValue none */
  readonly excludeMetrics?: readonly (number | string)[];
  /** Resource types, by id, name or pattern: `["LUN", "*Port"]`. @defaultValue all */
  readonly resources?: readonly (number | string)[];
  /** Elements, by name or pattern; case counts. @defaultValue all */
  readonly elements?: readonly string[];
  /** Elements of these to leave out. @defaultValue none */
  readonly excludeElements?: readonly string[];
}

/** How the columns that are delivered are called. */
export interface ColumnNaming {
  /** Names and units. @defaultValue "seed" */
  readonly naming?: Naming;
  /**
   * Adds the label `controller` (`SP0`): two controllers that report one element then have a series
   * each, instead of two values at one time in one series. @defaultValue false
   */
  readonly controllerLabel?: boolean;
  /** Adds the label `metric_id`, which tells ids apart that share a name. @defaultValue false */
  readonly metricIdLabel?: boolean;
  /** Ids of your own. @defaultValue the built-in tables alone */
  readonly idTables?: IdTableRows;
}

/** Which columns are delivered, and how they are called. */
export interface ColumnRules {
  readonly tables: IdTables;
  readonly naming: Naming;
  readonly controllerLabel: boolean;
  readonly metricIdLabel: boolean;
  /** Tells these rules from others; empty for the default ones. */
  readonly key: string;
  wantsResource(id: number): boolean;
  wantsMetric(id: number): boolean;
  wantsElement(name: string): boolean;
}

const all = (): boolean => true;

/** Every column under its seed name. */
export const EVERY_COLUMN: ColumnRules = {
  tables: ID_TABLES,
  naming: "seed",
  controllerLabel: false,
  metricIdLabel: false,
  key: "",
  wantsResource: all,
  wantsMetric: all,
  wantsElement: all,
};

/**
 * Reads the options.
 *
 * @throws MillraceError INVALID_OPTION for a name that is in no table, or a table that is none
 */
export function columnRules(options: ColumnSelection & ColumnNaming): ColumnRules {
  const { metrics = "all", excludeMetrics, resources, elements, excludeElements } = options;
  const { naming = "seed", controllerLabel = false, metricIdLabel = false, idTables } = options;
  const given = { metrics, excludeMetrics, resources, elements, excludeElements };
  for (const [option, list] of Object.entries(given)) checkList(option, list);
  if (naming !== "seed" && naming !== "clean") {
    throw new MillraceError("INVALID_OPTION", `naming is ${naming}; give "seed" or "clean".`);
  }
  const named = { naming, controllerLabel, metricIdLabel, idTables };
  const key = JSON.stringify({ ...given, ...named });
  const tables = idTables === undefined ? ID_TABLES : new IdTables(checkRows(idTables));
  const fromMetrics = (what: string) => ({
    what,
    ids: tables.metricIds,
    namesOf: (id: number) => {
      const { name, series } = tables.metricOf(id);
      return [name, series, tables.metricOf(id, "clean").series];
    },
  });
  const wanted =
    metrics === "all"
      ? all
      : pickIds(metrics === "default" ? DEFAULT_METRIC_IDS : metrics, fromMetrics("metrics"));
  const unwanted = excludeMetrics && pickIds(excludeMetrics, fromMetrics("excludeMetrics"));
  const wantsElement = elements && anyPattern(elements);
  const isExcluded = excludeElements && anyPattern(excludeElements);
  return {
    tables,
    naming,
    controllerLabel,
    metricIdLabel,
    key: key === DEFAULT_KEY ? "" : key,
    wantsResource:
      resources === undefined
        ? all
        : pickIds(resources, {
            what: "resources",
            ids: tables.resourceIds,
            namesOf: (id) => [tables.resourceOf(id).name],
          }),
    wantsMetric: unwanted === undefined ? wanted : (id) => wanted(id) && !unwanted(id),
    wantsElement: (name) => (wantsElement?.(name) ?? true) && !(isExcluded?.(name) ?? false),
  };
}

/** JavaScript has no types to keep a text from being taken for a list of letters. */
function checkList(option: string, list: unknown): void {
  if (list === undefined || (option === "metrics" && (list === "all" || list === "default")))
    return;
  const types = /elements$/i.test(option) ? ["string"] : ["string", "number"];
  if (Array.isArray(list) && list.every((item) => types.includes(typeof item))) return;
  throw new MillraceError(
    "INVALID_OPTION",
    `${option} is ${JSON.stringify(list)}; give a list of names.`,
  );
}

const DEFAULT_KEY = JSON.stringify({
  metrics: "all",
  naming: "seed",
  controllerLabel: false,
  metricIdLabel: false,
});

function anyPattern(patterns: readonly string[]): (name: string) => boolean {
  const fits = patterns.map((pattern) => namePattern(pattern));
  return (name) => fits.some((it) => it(name));
}

/** The tables may come from a file that a person wrote. */
function checkRows(tables: IdTableRows): IdTableRows {
  const refuse = (problem: string): never => {
    throw new MillraceError("INVALID_OPTION", `idTables: ${problem}`);
  };
  const strange = Object.keys(tables).find((key) => key !== "metrics" && key !== "resources");
  if (strange !== undefined) refuse(`there is no table "${strange}"; give metrics and resources.`);
  for (const list of ["metrics", "resources"] as const) {
    const rows: unknown = tables[list] ?? [];
    if (!Array.isArray(rows)) refuse(`${list} is no list.`);
    for (const [at, row] of (rows as readonly unknown[]).entries()) {
      const { id, name, divisor = 1 } = Object(row) as Readonly<Record<string, unknown>>;
      const place = `${list}[${at}]`;
      if (!Number.isSafeInteger(id) || (id as number) < 0) {
        refuse(`${place} has the id ${JSON.stringify(id)}; give a whole number.`);
      }
      if (typeof name !== "string" || name === "") refuse(`${place} has no name.`);
      if (typeof divisor !== "number" || !Number.isFinite(divisor) || divisor <= 0) {
        refuse(`${place} has the divisor ${JSON.stringify(divisor)}; give a number above 0.`);
      }
    }
  }
  return tables;
}
