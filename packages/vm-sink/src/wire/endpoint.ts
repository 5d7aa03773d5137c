import { type Labels, MillraceError, redactUrl } from "@millrace/core";
import { type AccessOptions, checkAccess } from "./access.ts";

/** Where a database listens. */
export interface Endpoint {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path before `/api/v1/…`; empty, or a tenant or proxy prefix without a trailing slash. */
  readonly prefix: string;
  /** The same before `/metrics` and the other pages of the server itself, which know no tenants. */
  readonly root: string;
  /** Absent for a single server. */
  readonly cluster?: ClusterPath;
  /** `authorization` and what else is sent with every request. Never logged. */
  readonly headers: Readonly<Record<string, string>>;
  /** What no message may repeat, even where a server does. */
  readonly secrets: readonly string[];
  /** What undici hands to `tls.connect`. */
  readonly tls?: Readonly<Record<string, unknown>>;
  /** Labels that the database puts on every imported series, over those that the series has. */
  readonly extraLabels: Labels;
  /** The same as the query of an import request: empty, or `?extra_label=…`. No other request has it. */
  readonly importQuery: string;
  /** The base URL without its secrets, for messages. */
  readonly shown: string;
}

/** A path of a cluster's `vminsert` or `vmselect`. */
export interface ClusterPath {
  readonly role: "insert" | "select";
  /** `0`, `0:7` or `multitenant`. */
  readonly tenant: string;
}

/** `/insert/0:7/prometheus`; vminsert and vmselect take a tenant without a project, too. */
const CLUSTER = /^(.*)\/(insert|select)\/(\d+(?::\d+)?|multitenant)(?:\/(?:prometheus)?)?$/;

/**
 * Reads a database's address: its base URL, or a full import URL as other tools want it
 * (`http://host:8428/api/v1/import/prometheus?extra_label=site=berlin`); of a cluster, the one of a tenant
 * (`http://vminsert:8480/insert/0/prometheus`).
 *
 * @throws MillraceError INVALID_OPTION when it is no http or https URL, has a part that the database
 * would not heed, or does not go with the options of access
 */
export function parseEndpoint(url: string, options: AccessOptions = {}): Endpoint {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw new MillraceError(
      "INVALID_OPTION",
      `"${redactUrl(url)}" is no address of a database; give one such as http://localhost:8428.`,
    );
  }
  const path = parsed.pathname
    .replace(/\/+$/, "")
    .replace(/\/api\/v1\/(import(\/[a-z]+)?|write)$/, "")
    .replace(/\/+$/, "");
  const [, root = path, role, tenant = ""] = CLUSTER.exec(path) ?? [];
  const prefix = role === undefined ? path : `${root}/${role}/${tenant}/prometheus`;
  const shown = `${parsed.origin}${prefix}`;
  const access = checkAccess(withUser(options, parsed, shown));
  if (access.tls !== undefined && parsed.protocol === "http:") {
    throw new MillraceError(
      "INVALID_OPTION",
      `The address ${shown} is one of http, for which tls has no meaning; give ${shown.replace("http:", "https:")}.`,
    );
  }
  if (parsed.hash !== "") {
    throw new MillraceError(
      "INVALID_OPTION",
      `The address ${shown} has a part behind a #, which never reaches a server; leave it out, or write %23 for a # in a name.`,
    );
  }
  const extraLabels = readExtraLabels(parsed.searchParams, shown);
  const query = new URLSearchParams();
  for (const pair of Object.entries(extraLabels)) query.append("extra_label", pair.join("="));
  const importQuery = query.size === 0 ? "" : `?${query}`;
  return {
    origin: parsed.origin,
    prefix,
    root,
    ...(role === "insert" || role === "select" ? { cluster: { role, tenant } } : {}),
    headers: access.headers,
    secrets: access.secrets,
    ...(access.tls === undefined ? {} : { tls: access.tls }),
    extraLabels,
    importQuery,
    shown,
  };
}

/** A user in the address is basic authentication, and the only one. */
function withUser(
  options: AccessOptions,
  { username, password }: URL,
  shown: string,
): AccessOptions {
  if (username === "" && password === "") return options;
  const named = Object.keys(options.headers ?? {}).some((name) => /^authorization$/i.test(name));
  if (named || options.basic !== undefined || options.bearerToken !== undefined) {
    throw new MillraceError(
      "INVALID_OPTION",
      `The address ${shown} has a user, and the options say otherwise who asks; leave one of them out.`,
    );
  }
  return { ...options, basic: { username: decoded(username), password: decoded(password) } };
}

/** Everything that an import request may be told in its query and that changes what is stored. */
function readExtraLabels(parameters: URLSearchParams, shown: string): Labels {
  const labels: Record<string, string> = {};
  for (const [parameter, text] of parameters) {
    if (parameter !== "extra_label") {
      throw new MillraceError(
        "INVALID_OPTION",
        `The address ${shown} has the parameter "${parameter}", which means nothing to an import; only extra_label does, as in ${shown}/?extra_label=site=berlin.`,
      );
    }
    const [, name = "", value = ""] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
    if (name === "" || value === "" || name === "__name__") {
      throw new MillraceError(
        "INVALID_OPTION",
        `The address ${shown} has an extra_label that is no label for all series; give a name and a value, as in ${shown}/?extra_label=site=berlin.`,
      );
    }
    // Of two with one name, the database keeps the last one, too.
    labels[name] = value;
  }
  return labels;
}

/** A percent sign that stands for itself, as in the password `100%`, is no mistake. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
