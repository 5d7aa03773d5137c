import { type Labels, MillraceError, redactUrl } from "@millrace/core";

/** Where a database listens. */
export interface Endpoint {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path before `/api/v1/…`; empty, or a tenant or proxy prefix without a trailing slash. */
  readonly prefix: string;
  /** `authorization` where the URL carries a user. Never logged. */
  readonly headers: Readonly<Record<string, string>>;
  /** Labels that the database puts on every imported series, over those that the series has. */
  readonly extraLabels: Labels;
  /** The same as the query of an import request: empty, or `?extra_label=…`. No other request has it. */
  readonly importQuery: string;
  /** The base URL without its secrets, for messages. */
  readonly shown: string;
}

/**
 * Reads a database's address: its base URL, or a full import URL as other tools want it
 * (`http://host:8428/api/v1/import/prometheus?extra_label=site=berlin`).
 *
 * @throws MillraceError INVALID_OPTION when it is no http or https URL, or has a part that the database
 * would not heed
 */
export function parseEndpoint(url: string): Endpoint {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw new MillraceError(
      "INVALID_OPTION",
      `"${redactUrl(url)}" is no address of a database; give one such as http://localhost:8428.`,
    );
  }
  const prefix = parsed.pathname
    .replace(/\/+$/, "")
    .replace(/\/api\/v1\/(import(\/[a-z]+)?|write)$/, "")
    .replace(/\/+$/, "");
  const { username, password } = parsed;
  const user = `${decoded(username)}:${decoded(password)}`;
  const headers =
    username || password
      ? { authorization: `Basic ${Buffer.from(user).toString("base64")}` }
      : ({} as Record<string, string>);
  const shown = `${parsed.origin}${prefix}`;
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
  return { origin: parsed.origin, prefix, headers, extraLabels, importQuery, shown };
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
