import type {
  GrafanaCustomVariable,
  GrafanaDataSource,
  GrafanaQueryVariable,
  GrafanaVariable,
} from "./dashboard-model.ts";

/** The uid of the data source that the dashboards ask; the provisioning file gives it to the database. */
export const DATA_SOURCE: GrafanaDataSource = { type: "prometheus", uid: "victoriametrics" };

const ALL = { text: ["All"], value: ["$__all"] };

/**
 * What can be chosen. Only values that exist in the time range are offered, and those of the variables
 * before narrow the ones behind.
 */
export function dashboardVariables({ anyMetric }: { readonly anyMetric: boolean }): {
  readonly list: readonly GrafanaVariable[];
} {
  return {
    list: [
      {
        ...labelVariable("SN", "Array", "SN"),
        multi: true,
        includeAll: true,
        allValue: ".+",
        current: ALL,
      },
      {
        ...labelVariable("Resource", "Resource", "Resource", '{SN=~"$SN"}'),
        multi: true,
        includeAll: true,
        allValue: ".+",
        current: ALL,
      },
      {
        ...labelVariable("Element", "Element", "Element", '{SN=~"$SN",Resource=~"$Resource"}'),
        multi: true,
        includeAll: true,
        // An element without a name has no label.
        allValue: ".*",
        current: ALL,
      },
      ...(anyMetric
        ? [
            {
              ...labelVariable("Metric", "Metric", "__name__", '{SN=~"$SN",Resource=~"$Resource"}'),
              multi: true,
            },
          ]
        : []),
      {
        // The label holds seconds; Grafana takes a number without a unit as such.
        ...labelVariable("min_interval", "Interval, s", "scrape_interval", '{SN=~"$SN"}'),
        sort: 3,
      },
      SHOW,
    ],
  };
}

/** Means hide peaks when a step is longer than the interval. */
const SHOW: GrafanaCustomVariable = {
  type: "custom",
  name: "Show",
  label: "Show",
  query: "Average : avg,Peak : max,Least : min",
  multi: false,
  includeAll: false,
  options: [
    { text: "Average", value: "avg", selected: true },
    { text: "Peak", value: "max", selected: false },
    { text: "Least", value: "min", selected: false },
  ],
  current: { text: "Average", value: "avg" },
};

function labelVariable(
  name: string,
  label: string,
  key: string,
  filter?: string,
): GrafanaQueryVariable {
  const definition = `label_values(${filter === undefined ? "" : `${filter}, `}${key})`;
  return {
    type: "query",
    name,
    label,
    datasource: DATA_SOURCE,
    definition,
    query: { qryType: 1, query: definition, refId: `${name}-values` },
    multi: false,
    includeAll: false,
    refresh: 2,
    sort: 1,
    current: {},
  };
}
