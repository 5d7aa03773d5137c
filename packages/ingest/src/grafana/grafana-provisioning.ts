import { MillraceError } from "@millrace/core";
import { DATA_SOURCE } from "./dashboard-variables.ts";

/** Where things are, as Grafana sees it. */
export interface GrafanaProvisioningOptions {
  /** VictoriaMetrics, or a tenant of a cluster (`http://vmselect:8481/select/0/prometheus`). @defaultValue "http://localhost:8428" */
  readonly vmUrl?: string;
  /** Folder of the dashboard files. */
  readonly dashboardsPath: string;
}

/** Texts of the files below Grafana's folder `provisioning`. */
export interface GrafanaProvisioning {
  /** For `datasources/`. */
  readonly dataSource: string;
  /** For `dashboards/`. */
  readonly dashboardProvider: string;
}

/**
 * Writes the files by which Grafana learns of the database and of the dashboards when it starts.
 *
 * @throws MillraceError INVALID_OPTION when `vmUrl` is no address for questions, or holds a password
 */
export function grafanaProvisioning(options: GrafanaProvisioningOptions): GrafanaProvisioning {
  const { vmUrl = "http://localhost:8428", dashboardsPath } = options;
  const url = URL.canParse(vmUrl) ? new URL(vmUrl) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    refuse("is no address; give one such as http://localhost:8428.");
  }
  if (url.username !== "" || url.password !== "") {
    refuse("holds a user or a password, which the file would give away; set them in Grafana.");
  }
  if (/^\/insert\/|\/api\/v1\/(import|write)/.test(url.pathname)) {
    refuse("is one that takes data; give the one for questions, such as http://localhost:8428.");
  }
  return {
    dataSource: `apiVersion: 1
datasources:
  - name: VictoriaMetrics
    uid: ${DATA_SOURCE.uid}
    type: ${DATA_SOURCE.type}
    access: proxy
    url: ${text(vmUrl)}
    jsonData:
      httpMethod: POST
      manageAlerts: false
`,
    dashboardProvider: `apiVersion: 1
providers:
  - name: millrace
    type: file
    folder: OceanStor
    allowUiUpdates: true
    options:
      path: ${text(dashboardsPath)}
`,
  };
}

/** JSON's strings are YAML's; Grafana puts variables of its environment where a dollar stands alone. */
function text(value: string): string {
  return JSON.stringify(value).replaceAll("$", "$$$$");
}

function refuse(problem: string): never {
  throw new MillraceError("INVALID_OPTION", `vmUrl: the address of the database ${problem}`);
}
