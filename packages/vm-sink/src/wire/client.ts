import { type Logger, MillraceError } from "@millrace/core";
import { Pool } from "undici";
import type { Endpoint } from "./endpoint.ts";
import { type RetryPolicy, retryDelayMs } from "./retry.ts";

/** A database, spoken to over a few kept connections. */
export interface Client {
  readonly endpoint: Endpoint;
  /**
   * Sends one body and returns once the database answered 2xx. Tries again while a later try may
   * succeed; the bytes must not change until this settles.
   */
  send(path: string, headers: Readonly<Record<string, string>>, body: Buffer): Promise<void>;
  /** One question, asked once. */
  get(path: string): Promise<string>;
  close(): Promise<void>;
  /** Ends every request at once. */
  destroy(): Promise<void>;
}

/** Options of {@link createClient}. */
export interface ClientOptions {
  readonly endpoint: Endpoint;
  readonly connections: number;
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** Called before a body is sent again; `ambiguous` when the first try may have been stored. */
  readonly onRetry: (reason: string, ambiguous: boolean) => void;
}

/**
 * VictoriaMetrics holds a request back for up to a minute when it is busy (`-insert.maxQueueDuration`)
 * and answers 503 only then, so a shorter patience would give up on a healthy server.
 */
const ANSWER_TIMEOUT_MS = 120_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** Statuses after which the same body may be taken: busy, read-only for lack of disk, a proxy's hiccup. */
const RETRYABLE = new Set([408, 425, 429, 500, 502, 503, 504]);

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

/** Opens a pool of connections; nothing is sent yet. */
export function createClient(options: ClientOptions): Client {
  const { endpoint, retry, signal, logger, onRetry } = options;
  const pool = new Pool(endpoint.origin, {
    connections: options.connections,
    pipelining: 1,
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: 30_000,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  });

  const once = async (
    method: "GET" | "POST",
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Buffer | null,
  ): Promise<{ status: number; text: string; retryAfter: string | undefined }> => {
    const answer = await pool.request({
      method,
      path: `${endpoint.prefix}${path}`,
      headers: { ...endpoint.headers, ...headers },
      body,
      signal,
    });
    const retryAfter = answer.headers["retry-after"];
    const wanted = method === "GET" || answer.statusCode >= 300;
    // An unread body would keep the connection busy for ever.
    const text = wanted ? await answer.body.text() : await answer.body.dump().then(() => "");
    return {
      status: answer.statusCode,
      text,
      retryAfter: typeof retryAfter === "string" ? retryAfter : undefined,
    };
  };

  return {
    endpoint,
    async send(path, headers, body) {
      // VictoriaMetrics answers 204 to an empty body, which would pass for success.
      if (body.length === 0) throw new MillraceError("INTERNAL", "A request without a body.");
      const startedMs = performance.now();
      for (let attempt = 1; ; attempt++) {
        let failure: MillraceError;
        let retryAfter: string | undefined;
        try {
          const answer = await once("POST", path, headers, body);
          if (answer.status < 300) return;
          failure = refusal(endpoint, answer.status, answer.text);
          retryAfter = answer.retryAfter;
        } catch (error) {
          if (signal.aborted) throw signal.reason;
          failure = unreachable(endpoint, error);
        }
        const elapsedMs = performance.now() - startedMs;
        if (!failure.retryable || elapsedMs >= retry.maxElapsedMs) throw failure;
        const { status, code } = failure.details;
        const ambiguous = status === undefined ? !NEVER_SENT.has(code) : DOUBTFUL.has(status);
        logger.warn({ attempt, ambiguous, ...failure.details }, failure.message);
        onRetry(failure.message, ambiguous);
        await pause(retryDelayMs(retry, attempt, retryAfter), signal);
      }
    },
    async get(path) {
      try {
        const { status, text } = await once("GET", path, {}, null);
        if (status < 300) return text;
        throw refusal(endpoint, status, text);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        throw MillraceError.is(error) ? error : unreachable(endpoint, error);
      }
    },
    close: () => pool.close(),
    destroy: () => pool.destroy(),
  };
}

function refusal(endpoint: Endpoint, status: number, body: string): MillraceError {
  const said = body.trim().slice(0, 400);
  const details = { status, said };
  if (status === 401 || status === 403) {
    return new MillraceError(
      "REMOTE_FAILED",
      `${endpoint.shown} refuses these credentials (HTTP ${status}); check user and password.`,
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

function unreachable(endpoint: Endpoint, cause: unknown): MillraceError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const text = cause instanceof Error ? cause.message || code : String(cause);
  return new MillraceError(
    "REMOTE_FAILED",
    `Cannot reach the database at ${endpoint.shown}: ${text || code}. Is it running?`,
    { cause, retryable: true, details: { code } },
  );
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
}
