import { cleanMetric } from "../oceanstor/clean-name.ts";
import type { IdTables, Naming } from "../oceanstor/id-tables.ts";
import type { Line } from "./metric-groups.ts";
import { metricUnit } from "./metric-unit.ts";
import { eachStep, LEGEND, scaled, selector } from "./series-query.ts";

/** What a panel shows, without its place. */
export interface PanelPlan {
  readonly title: string;
  readonly description: string;
  /** Grafana's name. */
  readonly unit: string;
  /** Whether the lines are parts of a whole. */
  readonly stacked: boolean;
  readonly queries: readonly { readonly expression: string; readonly legend: string }[];
}

/** Metrics that belong into one panel. */
interface Theme {
  readonly title: string;
  /** Whether each id is a part of a whole, `[4 KB, 8 KB)`; otherwise an element has one of the ids. */
  readonly isDistribution: boolean;
  readonly ids: number[];
}

/**
 * The panels of one resource type, line by line.
 *
 * Metrics with one meaning share a panel, whatever unit they are stored in: an array reports its latency
 * in microseconds or in milliseconds. So do the parts of a distribution, the average of all elements.
 */
export function metricPanels(
  tables: IdTables,
  naming: Naming,
  resourceId: number,
  lines: readonly Line[],
): readonly (readonly PanelPlan[])[] {
  const resource = tables.resourceOf(resourceId).name;
  const themes = new Map<string, Theme>();
  const known = new Set(tables.metricIds);
  const seen = new Set<number>();
  return lines
    .map((line) => {
      const begun: Theme[] = [];
      for (const id of line) {
        if (seen.has(id) || !known.has(id)) continue;
        seen.add(id);
        const { key, title, isDistribution } = themeOf(tables, id);
        const theme = themes.get(key);
        if (theme === undefined) {
          const created = { title, isDistribution, ids: [id] };
          themes.set(key, created);
          begun.push(created);
        } else {
          theme.ids.push(id);
        }
      }
      return begun;
    })
    .filter((begun) => begun.length > 0)
    .map((begun) => begun.map((theme) => planOf(tables, naming, resource, theme)));
}

function themeOf(tables: IdTables, id: number): Omit<Theme, "ids"> & { readonly key: string } {
  const { name, divisor } = tables.metricOf(id);
  const { title, stem, unit } = cleanMetric(name, divisor);
  const [whole = "", part] = title.split(/\s*:\s*/);
  return part === undefined
    ? { key: `${stem} ${unit}`, title, isDistribution: false }
    : { key: whole.toLowerCase(), title: whole, isDistribution: true };
}

function planOf(
  tables: IdTables,
  naming: Naming,
  resource: string,
  { title, isDistribution, ids }: Theme,
): PanelPlan {
  const [first = 0] = ids;
  const { base, factor, grafana } = metricUnit(tables, first, naming);
  const filter = { resource, byElement: true };
  const queries = new Map<string, string>();
  for (const id of ids) {
    const { name, series } = tables.metricOf(id, naming);
    if (isDistribution) {
      const mean = eachStep(selector(series, filter), "avg_over_time");
      const part = cleanMetric(name, 1).title.replace(/^.*?:\s*/, "");
      queries.set(`${base === "ratio" ? "avg" : "sum"}(${mean})`, part);
      continue;
    }
    const samples = eachStep(selector(series, filter));
    // Seed names of several ids may be one.
    queries.set(scaled(samples, metricUnit(tables, id, naming).factor / factor), LEGEND);
  }
  const of = isDistribution ? `, ${base === "ratio" ? "average" : "sum"} of the elements` : "";
  return {
    title,
    description: `Metric ${ids.length === 1 ? "id" : "ids"} ${ids.join(", ")}${of}.`,
    unit: grafana,
    stacked: isDistribution,
    queries: [...queries].map(([expression, legend]) => ({ expression, legend })),
  };
}
