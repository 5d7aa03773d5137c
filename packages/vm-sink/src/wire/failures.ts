import { MillraceError } from "@millrace/core";
import { withoutSecrets } from "./access.ts";
import type { Endpoint } from "./endpoint.ts";
import { tlsFailure } from "./tls-failure.ts";

/** Statuses after which the same body may be taken: busy, read-only for lack of disk, a proxy's hiccup. */
const RETRYABLE = new Set([408, 425, 429, 500, 502, 503, 504]);
/** How servers of several makes answer plain http on a port for https. */
const WANTS_HTTPS = /HTTP request (?:was sent )?to (?:an )?HTTPS|SSL-enabled server port/i;
/** What a TLS client makes of an answer in plain http. */
const SPEAKS_HTTP =
  /ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|wrong version number/;
/** How a connection ends when a server expected TLS and got something else. */
const CLOSED_UNANSWERED: ReadonlySet<string> = new Set([
  "UND_ERR_SOCKET",
  "ECONNRESET",
  "EPIPE",
  "HPE_INVALID_CONSTANT",
]);

/** The failure that an answer of 300 or more stands for. */
export function refusal(
  endpoint: Endpoint,
  status: number,
  body: string,
  retryAfter?: string,
): MillraceError {
  const said = withoutSecrets(body.trim(), endpoint.secrets).slice(0, 400);
  const details = { status, said, ...(retryAfter === undefined ? {} : { retryAfter }) };
  if (status === 401 || status === 403) {
    return new MillraceError(
      "REMOTE_FAILED",
      `${endpoint.shown} refuses these credentials (HTTP ${status}); check user and password, or the token.`,
      { details },
    );
  }
  if (WANTS_HTTPS.test(said)) {
    return new MillraceError(
      "REMOTE_FAILED",
      `${endpoint.shown} listens for https, not http; give ${otherScheme(endpoint)}.`,
      { details },
    );
  }
  if (status === 404 || said.includes("unsupported path")) {
    return new MillraceError(
      "REMOTE_FAILED",
      `${endpoint.shown} has no VictoriaMetrics at this path (HTTP ${status}); give the base URL, such as http://localhost:8428.`,
      { details },
    );
  }
  if (RETRYABLE.has(status)) {
    return new MillraceError("REMOTE_FAILED", `${endpoint.shown} answered ${status}: ${said}`, {
      retryable: true,
      details,
    });
  }
  return new MillraceError(
    "SINK_REJECTED",
    `${endpoint.shown} rejected a request (HTTP ${status}): ${said}`,
    { details },
  );
}

/**
 * The failure of a request that got no answer.
 *
 * @param answeredBefore - whether this database ever answered; then its scheme is right
 */
export function unreachable(
  endpoint: Endpoint,
  cause: unknown,
  answeredBefore: boolean,
): MillraceError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const text = cause instanceof Error ? cause.message || code : String(cause);
  const options = { cause, retryable: true, details: { code } };
  const isHttps = endpoint.origin.startsWith("https:");
  if (isHttps && SPEAKS_HTTP.test(`${code} ${text}`)) {
    return new MillraceError(
      "REMOTE_FAILED",
      `${endpoint.shown} listens for http, not https; give ${otherScheme(endpoint)}.`,
      { ...options, retryable: false },
    );
  }
  const refused = isHttps ? tlsFailure(endpoint, code, text) : undefined;
  if (refused !== undefined) {
    return new MillraceError("REMOTE_FAILED", refused, { ...options, retryable: false });
  }
  const isHungUp = !answeredBefore && CLOSED_UNANSWERED.has(code);
  const hint = !isHungUp
    ? "Is it running?"
    : isHttps
      ? "If it wants a certificate of this client, give tls.cert and tls.key."
      : `If it listens for https, give ${otherScheme(endpoint)}.`;
  return new MillraceError(
    "REMOTE_FAILED",
    `Cannot reach the database at ${endpoint.shown}: ${text || code}. ${hint}`,
    options,
  );
}

/** Whether a request ended because no answer began in time. */
export function isSilence(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "UND_ERR_HEADERS_TIMEOUT";
}

/** Failures from before there was a connection, so nothing can have been stored. */
const NEVER_SENT: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "UND_ERR_CONNECT_TIMEOUT",
]);
/** A proxy's answers that leave open whether the database behind it stored the body. */
const DOUBTFUL: ReadonlySet<unknown> = new Set([408, 502, 504]);

/** Whether a body that met this failure may have been stored all the same. */
export function isInDoubt({ code, retryable, details }: MillraceError): boolean {
  if (code !== "REMOTE_FAILED" || !retryable) return false;
  const { status } = details;
  return status === undefined ? !NEVER_SENT.has(details["code"]) : DOUBTFUL.has(status);
}

/** The failure of a run whose database was restarted: what it had not flushed is gone. */
export function restarted({ shown }: Endpoint): MillraceError {
  return new MillraceError(
    "REMOTE_FAILED",
    `The database at ${shown} was restarted during the run; what it had accepted in the last seconds before may be lost. Run the load again.`,
    { retryable: true, details: { restarted: true } },
  );
}

/** The failure of a question that nobody answered. */
export function silent({ shown }: Endpoint, withinMs: number): MillraceError {
  return new MillraceError(
    "TIMEOUT",
    `${shown} took the connection and did not answer within ${withinMs / 1000} s. Is it VictoriaMetrics, and is it well?`,
    { retryable: true },
  );
}

/** The failure of a question whose answer goes on and on. */
export function tooSlow({ shown }: Endpoint, path: string, withinMs: number): MillraceError {
  return new MillraceError(
    "TIMEOUT",
    `The answer of ${shown} to ${pathOnly(path)} did not end within ${withinMs / 1000} s. Is it VictoriaMetrics?`,
    { retryable: true },
  );
}

/** The failure of a question whose answer is larger than any that is expected. */
export function tooLong({ shown }: Endpoint, path: string, limitBytes: number): MillraceError {
  return new MillraceError(
    "LIMIT_EXCEEDED",
    `The answer of ${shown} to ${pathOnly(path)} has more than ${limitBytes / 2 ** 20} MiB. Is it VictoriaMetrics?`,
  );
}

function pathOnly(path: string): string {
  return path.replace(/\?.*/s, "");
}

function otherScheme({ shown }: Endpoint): string {
  return shown.startsWith("https:")
    ? shown.replace("https:", "http:")
    : shown.replace("http:", "https:");
}
