import { MillraceError } from "@millrace/core";
import type { AccessOptions } from "./access.ts";
import { type Endpoint, parseEndpoint } from "./endpoint.ts";

/** A database: where it takes data, where it answers questions, and how it is reached. */
export interface DatabaseOptions extends AccessOptions {
  /**
   * Base URL (`http://localhost:8428`), or a full import URL; of a cluster, the vminsert's with its tenant
   * (`http://vminsert:8480/insert/0/prometheus`). A user in it is sent as basic authentication.
   */
  readonly url: string;
  /**
   * Where what is stored can be looked up, if not at `url`: a cluster's vmselect with the same tenant
   * (`http://vmselect:8481/select/0/prometheus`). It gets the same headers and certificates.
   * @defaultValue `url`; in a cluster nothing can be looked up without
   */
  readonly selectUrl?: string;
}

/** Checked addresses of a database. */
export interface Target {
  readonly endpoint: Endpoint;
  /** Where to look up what is stored; undefined where that is the endpoint, or nowhere. */
  readonly select: Endpoint | undefined;
}

/**
 * Reads both addresses of a database.
 *
 * @throws MillraceError INVALID_OPTION when one is none, or they are not of the same tenant
 */
export function parseTarget(options: DatabaseOptions): Target {
  const { url, selectUrl, headers, bearerToken, basic, tls } = options;
  const access: AccessOptions = {
    ...(headers && { headers }),
    ...(bearerToken === undefined ? {} : { bearerToken }),
    ...(basic && { basic }),
    ...(tls && { tls }),
  };
  const endpoint = parseEndpoint(url, access);
  if (endpoint.cluster?.role === "select") {
    throw invalid(
      `The address ${endpoint.shown} is for questions; data goes to a vminsert, such as http://vminsert:8480/insert/${endpoint.cluster.tenant}/prometheus.`,
    );
  }
  if (selectUrl === undefined) return { endpoint, select: undefined };
  const { tls: _certificates, ...withoutTls } = access;
  const select = parseEndpoint(selectUrl, /^http:/i.test(selectUrl) ? withoutTls : access);
  checkSelect(endpoint, select);
  return { endpoint, select };
}

/**
 * Where to ask what a database holds.
 *
 * @throws MillraceError UNSUPPORTED when nobody can be asked
 */
export function askable({ endpoint, select }: Target): Endpoint {
  if (select !== undefined) return select;
  if (endpoint.cluster === undefined) return endpoint;
  throw new MillraceError(
    "UNSUPPORTED",
    `A vminsert answers no questions; give the address of its vmselect as selectUrl, such as http://vmselect:8481/select/${endpoint.cluster.tenant}/prometheus.`,
  );
}

function checkSelect({ cluster, shown }: Endpoint, select: Endpoint): void {
  if (select.importQuery !== "") {
    throw invalid(`selectUrl has an extra_label; put it into url alone.`);
  }
  if (select.cluster?.role === "insert") {
    throw invalid(`selectUrl is ${select.shown}, which only takes data; give one with /select/.`);
  }
  if (cluster === undefined) return;
  if (cluster.tenant === "multitenant") {
    throw invalid(
      `What ${shown} stores goes to the tenants that its labels name, so it cannot be looked up at one address; leave out selectUrl.`,
    );
  }
  const tenant = select.cluster?.tenant;
  if (tenant !== undefined && wholeTenant(tenant) === wholeTenant(cluster.tenant)) return;
  throw invalid(
    `selectUrl is ${select.shown}, not of the tenant of ${shown}; give one with /select/${cluster.tenant}/prometheus.`,
  );
}

/** Without a project it is project 0. */
function wholeTenant(tenant: string): string {
  return tenant.includes(":") ? tenant : `${tenant}:0`;
}

function invalid(message: string): MillraceError {
  return new MillraceError("INVALID_OPTION", message);
}
