/**
 * Grafana dashboards for archives that were loaded into VictoriaMetrics.
 *
 * @packageDocumentation
 */
export type {
  GrafanaCustomVariable,
  GrafanaDashboard,
  GrafanaDataSource,
  GrafanaGridPosition,
  GrafanaLines,
  GrafanaLink,
  GrafanaOption,
  GrafanaPanel,
  GrafanaQueryVariable,
  GrafanaRow,
  GrafanaTarget,
  GrafanaVariable,
} from "./dashboard-model.ts";
export { type GrafanaDashboardsOptions, grafanaDashboards } from "./grafana-dashboards.ts";
export {
  type GrafanaProvisioning,
  type GrafanaProvisioningOptions,
  grafanaProvisioning,
} from "./grafana-provisioning.ts";
export { type GrafanaUrlOptions, grafanaUrl } from "./grafana-url.ts";
