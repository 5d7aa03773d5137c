import { MillraceError, redactUrl } from "@millrace/core";
import { Agent, fetch } from "undici";
import type { KserveOptions } from "./kserve-options.ts";

/** An answer of the server, read to its end. */
export interface KserveAnswer {
  readonly headers: { get(name: string): string | null };
  readonly bytes: Uint8Array;
}

/** A request to the server. */
export interface KserveRequest {
  readonly method: "GET" | "POST";
  /** Below the base URL, with a slash before it. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
  /** Whether it does no harm when it is done twice. */
  readonly repeatable: boolean;
}

/** Speaks to one server. */
export interface KserveClient {
  /** The base URL, fit for messages. */
  readonly where: string;
  /**
   * @throws MillraceError INVALID_OPTION for 400, NOT_FOUND for 404, REMOTE_FAILED for others, TIMEOUT, LIMIT_EXCEEDED;
   * the signal's reason when it is aborted
   */
  send(request: KserveRequest): Promise<KserveAnswer>;
  close(): Promise<void>;
}

const MEGABYTE = 1024 * 1024;
const BUSY: ReadonlySet<number> = new Set([429, 503]);
/** Enough of what a server says to understand it. */
const SAID = 300;

/** Makes a client; nothing is sent yet. */
export function kserveClient(options: KserveOptions): KserveClient {
  const { timeoutMs = 30_000, retries = 2, retryDelayMs = 100, connections = 8 } = options;
  const { maxAnswerBytes = 256 * MEGABYTE, headers = {} } = options;
  const base = baseOf(options.url);
  const where = redactUrl(base.url);
  const agent = new Agent({ connections, headersTimeout: 0, bodyTimeout: 0 });

  const once = async (request: KserveRequest): Promise<KserveAnswer> => {
    const { method, path, body, signal } = request;
    const timeout = AbortSignal.timeout(timeoutMs);
    const ended = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    try {
      const answer = await fetch(`${base.url}${path}`, {
        method,
        headers: { ...base.headers, ...headers, ...request.headers },
        body: body ?? null,
        signal: ended,
        dispatcher: agent,
        redirect: "error",
      });
      const bytes = await readAll(answer.body, maxAnswerBytes, `${where}${path}`);
      if (answer.ok) return { headers: answer.headers, bytes };
      throw refusal(`${where}${path}`, answer.status, bytes);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (MillraceError.is(error)) throw error;
      if (timeout.aborted) {
        throw new MillraceError(
          "TIMEOUT",
          `kserve: ${where}${path} did not answer in ${timeoutMs} ms.`,
          { cause: error, retryable: request.repeatable },
        );
      }
      const code = codeOf(error);
      throw new MillraceError(
        "REMOTE_FAILED",
        `kserve: ${where}${path} cannot be reached (${code}); is the server running?`,
        {
          cause: error,
          // Where nobody listens, nothing can have begun.
          retryable: request.repeatable || code === "ECONNREFUSED",
        },
      );
    }
  };

  return {
    where,
    async send(request) {
      for (let attempt = 0; ; attempt++) {
        request.signal?.throwIfAborted();
        try {
          return await once(request);
        } catch (error) {
          const again = MillraceError.is(error) && error.retryable && attempt < retries;
          if (!again) throw error;
        }
        await pause(retryDelayMs * 2 ** attempt, request.signal);
      }
    },
    close: () => agent.close(),
  };
}

function baseOf(given: string | URL): { url: string; headers: Record<string, string> } {
  const text = String(given);
  if (!URL.canParse(text) || !/^https?:/.test(text)) {
    throw new MillraceError(
      "INVALID_OPTION",
      `kserve: url is ${redactUrl(text)}; give one such as http://localhost:8000.`,
    );
  }
  const url = new URL(text);
  const { username, password } = url;
  // fetch takes no URL with a user in it.
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const headers: Record<string, string> =
    username === "" ? {} : { authorization: `Basic ${Buffer.from(user).toString("base64")}` };
  return { url: `${url.origin}${url.pathname.replace(/\/(v2\/?)?$/, "")}`, headers };
}

async function readAll(
  body: AsyncIterable<Uint8Array> | null,
  limit: number,
  what: string,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body ?? []) {
    size += part.length;
    if (size > limit) {
      throw new MillraceError(
        "LIMIT_EXCEEDED",
        `kserve: the answer of ${what} has more than ${limit} bytes; raise maxAnswerBytes.`,
        { details: { limit } },
      );
    }
    parts.push(part);
  }
  // Of its own buffer, so that tensors of it begin where they may.
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function refusal(what: string, status: number, bytes: Uint8Array): MillraceError {
  const text = new TextDecoder().decode(bytes.subarray(0, 10 * SAID));
  const said = saidIn(text).slice(0, SAID);
  const code = status === 400 ? "INVALID_OPTION" : status === 404 ? "NOT_FOUND" : "REMOTE_FAILED";
  return new MillraceError(code, `kserve: ${what} answers ${status}: ${said || "nothing"}`, {
    retryable: BUSY.has(status),
    details: { status },
  });
}

/** The protocol's errors are `{ "error": "..." }`. */
function saidIn(text: string): string {
  try {
    const { error } = JSON.parse(text);
    return typeof error === "string" ? error : text;
  } catch {
    return text;
  }
}

function codeOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: unknown } };
  return typeof cause?.code === "string" ? cause.code : String((error as Error).message);
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
