import { MillraceError, redactUrl } from "@millrace/core";

/** Where a database listens. */
export interface Endpoint {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path before `/api/v1/…`; empty, or a tenant or proxy prefix without a trailing slash. */
  readonly prefix: string;
  /** `authorization` where the URL carries a user. Never logged. */
  readonly headers: Readonly<Record<string, string>>;
  /** The base URL without its secrets, for messages. */
  readonly shown: string;
}

/**
 * Reads a database's address: its base URL, or a full import URL as other tools want it
 * (`http://host:8428/api/v1/import/prometheus`).
 *
 * @throws MillraceError INVALID_OPTION when it is no http or https URL
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
  return { origin: parsed.origin, prefix, headers, shown: `${parsed.origin}${prefix}` };
}

/** A percent sign that stands for itself, as in the password `100%`, is no mistake. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
