import { storageCharts } from "../html-report/charts.ts";
import type { IdTables, Naming } from "../oceanstor/id-tables.ts";
import type { PanelPlan } from "./metric-panels.ts";
import { metricUnit } from "./metric-unit.ts";
import { eachStep, LEGEND, scaled, selector } from "./series-query.ts";

const TOP = 10;

/**
 * The busiest elements of what the HTML report shows first, a line a resource type: IOPS, bandwidth,
 * latency, utilisation. The choice of elements does not count here.
 */
export function overviewPanels(
  tables: IdTables,
  naming: Naming,
): readonly (readonly PanelPlan[])[] {
  const idsOf = Map.groupBy(tables.metricIds, (id) => tables.metricOf(id).series);
  return storageCharts.map(({ resource, title, panels }) =>
    panels.flatMap((panel): PanelPlan[] => {
      if (panel.kind === "detail") return [];
      const ids = panel.candidates.flatMap(({ series }) => idsOf.get(series) ?? []);
      const [first] = ids;
      if (first === undefined) return [];
      const { factor, grafana } = metricUnit(tables, first, naming);
      const filter = { resource, byElement: false };
      const queries = ids.map((id) => {
        const samples = eachStep(selector(tables.metricOf(id, naming).series, filter));
        return scaled(samples, metricUnit(tables, id, naming).factor / factor);
      });
      // The first that an element has counts.
      const values = [...new Set(queries)].join(" or ");
      return [
        {
          title: `${title}: ${panel.title}`,
          description: `The ${TOP} highest on average in the time range.`,
          unit: grafana,
          stacked: false,
          queries: [{ expression: `topk_avg(${TOP}, ${values})`, legend: LEGEND }],
        },
      ];
    }),
  );
}
