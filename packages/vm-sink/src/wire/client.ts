import { type Logger, MillraceError } from "@millrace/core";
import { Pool } from "undici";
import type { Endpoint } from "./endpoint.ts";
import { isSilence, refusal, silent, tooLong, tooSlow, unreachable } from "./failures.ts";
import { type BodyText, readBody } from "./read-body.ts";
import { type RetryPolicy, retryDelayMs } from "./retry.ts";

/** A database, spoken to over a few kept connections. */
export interface Client {
  readonly endpoint: Endpoint;
  /**
   * Sends one body and returns once the database answered 2xx. Tries again while a later try may
   * succeed; the bytes must not change until this settles.
   */
  send(path: string, headers: Readonly<Record<string, string>>, body: Buffer): Promise<void>;
  /**
   * One question, asked once.
   *
   * @param withinMs - how long the database may think before it answers. @defaultValue two minutes
   */
  get(path: string, withinMs?: number): Promise<string>;
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
/** The page of a large server's `/metrics` has less than one MiB; a longer answer is none of a database. */
const LARGEST_ANSWER = 16 * 1024 * 1024;
/** From an answer's first byte to its last. */
const ANSWER_READ_MS = 30_000;
const NO_TEXT: BodyText = { text: "", cut: undefined };

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
    // Bodies have a limit for all of them, which is stricter than one between two bytes.
    bodyTimeout: 0,
    connect: { timeout: CONNECT_TIMEOUT_MS },
  });

  let answered = false;

  const once = async (
    method: "GET" | "POST",
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Buffer | null,
    withinMs: number,
  ): Promise<BodyText & { status: number; retryAfter: string | undefined }> => {
    const answer = await pool.request({
      method,
      path: `${endpoint.prefix}${path}`,
      headers: { ...endpoint.headers, ...headers },
      body,
      signal,
      headersTimeout: withinMs,
    });
    answered = true;
    const retryAfter = answer.headers["retry-after"];
    // An unread body would keep the connection busy for ever.
    const reading = readBody(answer.body, { bytes: LARGEST_ANSWER, withinMs: readMs(withinMs) });
    // To a body that was sent, the status is the answer, whatever becomes of its text.
    const read = method === "POST" ? await reading.catch(() => NO_TEXT) : await reading;
    return {
      ...read,
      status: answer.statusCode,
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
          const target = `${path}${endpoint.importQuery}`;
          const answer = await once("POST", target, headers, body, ANSWER_TIMEOUT_MS);
          if (answer.status < 300) return;
          failure = refusal(endpoint, answer.status, answer.text);
          retryAfter = answer.retryAfter;
        } catch (error) {
          if (signal.aborted) throw signal.reason;
          failure = unreachable(endpoint, error, answered);
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
    async get(path, withinMs = ANSWER_TIMEOUT_MS) {
      try {
        const { status, text, cut } = await once("GET", path, {}, null, withinMs);
        if (status >= 300) throw refusal(endpoint, status, text);
        if (cut === "bytes") throw tooLong(endpoint, path, LARGEST_ANSWER);
        if (cut === "time") throw tooSlow(endpoint, path, readMs(withinMs));
        return text;
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (MillraceError.is(error)) throw error;
        throw isSilence(error)
          ? silent(endpoint, withinMs)
          : unreachable(endpoint, error, answered);
      }
    },
    close: () => pool.close(),
    destroy: () => pool.destroy(),
  };
}

/** An answer is read at least as fast as it has to begin. */
function readMs(withinMs: number): number {
  return Math.min(withinMs, ANSWER_READ_MS);
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
