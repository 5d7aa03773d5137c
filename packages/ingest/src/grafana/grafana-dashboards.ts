import { columnRules } from "../oceanstor/column-rules.ts";
import type { IdTableRows, Naming } from "../oceanstor/id-tables.ts";
import type { GrafanaDashboard } from "./dashboard-model.ts";
import { dashboardVariables } from "./dashboard-variables.ts";
import { metricPanels } from "./metric-panels.ts";
import { overviewPanels } from "./overview-panels.ts";
import { placePanels, type RowPlan } from "./place-panels.ts";
import { linesOf, usualResources } from "./resource-metrics.ts";
import { eachStep, LEGEND } from "./series-query.ts";

/** How the series are called that the dashboards ask for. */
export interface GrafanaDashboardsOptions {
  /** The naming that the archives are loaded with. @defaultValue "seed" */
  readonly naming?: Naming;
  /** Ids of your own, the same as the parser's. @defaultValue the built-in tables alone */
  readonly idTables?: IdTableRows;
}

/** Uids of the main dashboards; the one of seed names is the address that links have always had. */
export const DASHBOARD_UIDS: Readonly<Record<Naming, string>> = {
  seed: "huawei-oceanstor-real",
  clean: "huawei-oceanstor-clean",
};

/** Archives are read weeks after they were made. */
const TIME = { from: "now-90d", to: "now" };
const SCHEMA_VERSION = 39;

/**
 * Makes the Grafana dashboards for archives of OceanStor arrays, as plain JSON.
 *
 * The first holds the busiest elements, a row for each resource type that arrays report as a rule, and
 * one for any metric that the database holds. The second has a row for each of the other types.
 *
 * @returns two dashboards; each stands in a file of its own for Grafana
 * @throws MillraceError INVALID_OPTION for id tables that are none
 * @example
 * ```ts
 * import { grafanaDashboards } from "@millrace/ingest/grafana";
 *
 * for (const { uid, panels } of grafanaDashboards({ naming: "seed" })) {
 *   console.log(uid, panels.filter(({ type }) => type === "row").length);
 * }
 * ```
 */
export function grafanaDashboards(
  options: GrafanaDashboardsOptions = {},
): readonly GrafanaDashboard[] {
  const { naming = "seed" } = options;
  const { tables } = columnRules(options);
  const uid = DASHBOARD_UIDS[naming];
  const furtherUid = `${uid}-further`;
  const title = naming === "seed" ? "Huawei OceanStor" : "Huawei OceanStor, clean names";
  const rowOf = (id: number): RowPlan => ({
    title: tables.resourceOf(id).name,
    collapsed: true,
    lines: metricPanels(tables, naming, id, linesOf(id)),
  });
  const others = tables.resourceIds.filter((id) => !usualResources.has(id));
  return [
    {
      ...dashboard(uid, title, "The busiest elements, and all metrics by resource type."),
      links: [link("Further resource types", furtherUid)],
      templating: dashboardVariables({ anyMetric: true }),
      panels: placePanels([
        { title: "Busiest elements", collapsed: false, lines: overviewPanels(tables, naming) },
        ...[...usualResources.keys()].map(rowOf),
        ANY_METRIC,
      ]),
    },
    {
      ...dashboard(
        furtherUid,
        `${title}: further resource types`,
        "Resource types that few arrays report.",
      ),
      links: [link("Main dashboard", uid)],
      templating: dashboardVariables({ anyMetric: false }),
      panels: placePanels(others.map(rowOf)),
    },
  ];
}

/** Also what no table knows: whatever the database holds of the chosen resources. */
const ANY_METRIC: RowPlan = {
  title: "Any metric",
  collapsed: true,
  repeat: "Metric",
  lines: [
    [
      {
        title: "$Metric",
        description: "The metrics, resources and elements that are chosen above, without a unit.",
        unit: "short",
        stacked: false,
        queries: [
          {
            expression: eachStep(
              '{__name__=~"$Metric",SN=~"$SN",Resource=~"$Resource",Element=~"$Element"}',
            ),
            legend: `{{Resource}} ${LEGEND}`,
          },
        ],
      },
    ],
  ],
};

function dashboard(uid: string, title: string, description: string) {
  return {
    uid,
    title,
    description,
    tags: ["oceanstor", "millrace"],
    editable: true,
    graphTooltip: 1,
    schemaVersion: SCHEMA_VERSION,
    timezone: "browser",
    time: TIME,
    refresh: "",
  } as const;
}

function link(title: string, uid: string) {
  return {
    type: "link",
    title,
    url: `/d/${uid}`,
    keepTime: true,
    includeVars: true,
    targetBlank: false,
    asDropdown: false,
    icon: "external link",
    tooltip: "",
    tags: [],
  } as const;
}
