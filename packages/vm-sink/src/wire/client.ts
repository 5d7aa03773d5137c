import { type Logger, MillraceError } from "@millrace/core";
import { Pool } from "undici";
import type { AdaptiveLimit, Outcome } from "./adaptive-limit.ts";
import type { Endpoint } from "./endpoint.ts";
import {
  isInDoubt,
  isSilence,
  refusal,
  silent,
  tooLong,
  tooSlow,
  unreachable,
} from "./failures.ts";
import { type BodyText, readBody } from "./read-body.ts";
import { type RetryPolicy, retryDelayMs } from "./retry.ts";
import { splitLines } from "./split-lines.ts";

/** A database, spoken to over a few kept connections. */
export interface Client {
  readonly endpoint: Endpoint;
  /**
   * Sends one body and returns once the database answered 2xx. Tries again while a later try may
   * succeed; the bytes must not change until this settles.
   *
   * @param mayRepeat - send again even what may have been stored; otherwise that failure is thrown
   */
  send(
    path: string,
    headers: Readonly<Record<string, string>>,
    body: Buffer,
    mayRepeat: boolean,
  ): Promise<void>;
  /**
   * One question, asked once.
   *
   * @param withinMs - how long the database may think before it answers. @defaultValue two minutes
   */
  get(path: string, withinMs?: number): Promise<string>;
  /** Asks by a form, once, and yields the answer line by line, as it comes. */
  lines(path: string, form: URLSearchParams): AsyncIterable<string>;
  /**
   * Runs a call of this client again and again while a later try may succeed.
   *
   * @param again - asked of each failure besides. @defaultValue always
   */
  patiently<T>(call: () => Promise<T>, again?: (failure: MillraceError) => boolean): Promise<T>;
  close(): Promise<void>;
  /** Ends every request at once. */
  destroy(): Promise<void>;
}

/** Options of {@link createClient}. */
export interface ClientOptions {
  readonly endpoint: Endpoint;
  /** Connections kept; with a limit that adapts, the most that it may come to. */
  readonly connections: number;
  /** Says how many bodies may be under way; without it, as many as there are connections. */
  readonly limit?: AdaptiveLimit;
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal;
  readonly logger: Logger;
  /** Called before something is tried again. */
  readonly onRetry: (reason: string) => void;
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

/** Data belongs to a tenant; all other pages are about the server itself. */
const API = "/api/";

const ALWAYS = (): boolean => true;

/** Opens a pool of connections; nothing is sent yet. */
export function createClient(options: ClientOptions): Client {
  const { endpoint, limit, retry, signal, logger, onRetry } = options;
  const pool = new Pool(endpoint.origin, {
    connections: options.connections,
    pipelining: 1,
    headersTimeout: ANSWER_TIMEOUT_MS,
    // Bodies have a limit for all of them, which is stricter than one between two bytes.
    bodyTimeout: 0,
    connect: { timeout: CONNECT_TIMEOUT_MS, ...endpoint.tls },
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
      path: `${path.startsWith(API) ? endpoint.prefix : endpoint.root}${path}`,
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

  const failureOf = (error: unknown): unknown => {
    if (signal.aborted) return signal.reason;
    return MillraceError.is(error) ? error : unreachable(endpoint, error, answered);
  };

  const get = async (path: string, withinMs = ANSWER_TIMEOUT_MS): Promise<string> => {
    try {
      const { status, text, cut } = await once("GET", path, {}, null, withinMs);
      if (status >= 300) throw refusal(endpoint, status, text);
      if (cut === "bytes") throw tooLong(endpoint, path, LARGEST_ANSWER);
      if (cut === "time") throw tooSlow(endpoint, path, readMs(withinMs));
      return text;
    } catch (error) {
      throw isSilence(error) && !signal.aborted ? silent(endpoint, withinMs) : failureOf(error);
    }
  };

  /** Tries again, with growing pauses, as long as the policy and `again` allow. */
  const persist = async <T>(
    call: () => Promise<T>,
    again: (failure: MillraceError) => boolean,
  ): Promise<T> => {
    const startedMs = performance.now();
    for (let attempt = 1; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        const failure = failureOf(error);
        if (!MillraceError.is(failure) || !failure.retryable || !again(failure)) throw failure;
        if (performance.now() - startedMs >= retry.maxElapsedMs) throw failure;
        logger.warn({ attempt, ...failure.details }, failure.message);
        onRetry(failure.message);
        const { retryAfter } = failure.details;
        const asked = typeof retryAfter === "string" ? retryAfter : undefined;
        await pause(retryDelayMs(retry, attempt, asked), signal);
      }
    }
  };

  return {
    endpoint,
    send(path, headers, body, mayRepeat) {
      // VictoriaMetrics answers 204 to an empty body, which would pass for success.
      if (body.length === 0) throw new MillraceError("INTERNAL", "A request without a body.");
      return persist(
        async () => {
          const target = `${path}${endpoint.importQuery}`;
          const post = () => once("POST", target, headers, body, ANSWER_TIMEOUT_MS);
          const answer = await (limit === undefined ? post() : limit.run(post, outcomeOf));
          if (answer.status >= 300) {
            throw refusal(endpoint, answer.status, answer.text, answer.retryAfter);
          }
        },
        (failure) => mayRepeat || !isInDoubt(failure),
      );
    },
    get,
    patiently: (call, again = ALWAYS) => persist(call, again),
    async *lines(path, form) {
      try {
        const { statusCode, body } = await pool.request({
          method: "POST",
          path: `${endpoint.prefix}${path}`,
          headers: { ...endpoint.headers, "content-type": "application/x-www-form-urlencoded" },
          body: form.toString(),
          signal,
          bodyTimeout: ANSWER_TIMEOUT_MS,
        });
        answered = true;
        if (statusCode >= 300) throw refusal(endpoint, statusCode, await body.text());
        yield* splitLines(body.setEncoding("utf8"), `the answer of ${endpoint.origin}`);
      } catch (error) {
        throw failureOf(error);
      }
    },
    close: () => pool.close(),
    destroy: () => pool.destroy(),
  };
}

/** 429 is what proxies say; a server that does not answer at all is as busy as one that says so. */
const OVERLOADED: ReadonlySet<number> = new Set([429, 503]);

function outcomeOf(
  ended: { readonly value: { readonly status: number } } | { readonly error: unknown },
): Outcome {
  if ("error" in ended) return isSilence(ended.error) ? "overloaded" : "failed";
  if (OVERLOADED.has(ended.value.status)) return "overloaded";
  return ended.value.status < 300 ? "ok" : "failed";
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
