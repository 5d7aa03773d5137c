import { abortable, MillraceError, redactUrl } from "@millrace/core/web";
import { checkWhole } from "../check-request.ts";
import type { ByteSource } from "./byte-source.ts";

/** What {@link httpBytes} may be told. */
export interface HttpBytesOptions {
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** @defaultValue the global `fetch` */
  readonly fetch?: typeof fetch;
  /** Bytes of one request, and of one piece that is kept. @defaultValue 256 KiB */
  readonly pieceBytes?: number;
  /** Pieces that are kept. @defaultValue 64 */
  readonly pieces?: number;
  /** How long a server may be silent, before its answer or in the middle of it, in milliseconds. @defaultValue 30,000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

const PIECE = 256 * 1024;
const PIECES = 64;
const TIMEOUT_MS = 30_000;
/** Pieces that are asked for at once; browsers allow six connections to a server. */
const AT_ONCE = 6;

/**
 * A video on a web server that answers requests for ranges, read in pieces. Works in Node and in browsers.
 *
 * Who calls it answers for the address: an application that takes one from its users must check where it leads.
 *
 * @throws MillraceError INVALID_OPTION for what is no address, NOT_FOUND or REMOTE_FAILED as the server answers (also
 * when it sends other bytes than it was asked for), TIMEOUT when it is silent for too long, UNSUPPORTED when it does
 * not know ranges
 */
export async function httpBytes(
  url: string | URL,
  options: HttpBytesOptions = {},
): Promise<ByteSource> {
  const { headers = {}, pieceBytes = PIECE, pieces = PIECES, timeoutMs = TIMEOUT_MS } = options;
  checkWhole("pieceBytes", pieceBytes, 1);
  checkWhole("pieces", pieces, 1);
  checkWhole("timeoutMs", timeoutMs, 1);
  // In a page an address may be relative to that of the page.
  const { location } = globalThis as { readonly location?: { readonly href: string } };
  if (!URL.canParse(String(url), location?.href)) {
    throw new MillraceError(
      "INVALID_OPTION",
      `${JSON.stringify(String(url))} is no address of a video.`,
    );
  }
  const request = options.fetch ?? fetch;
  const ending = new AbortController();
  const name = redactUrl(String(url));
  let version: string | undefined;

  /** Why a request or its answer broke off. */
  const broken = (silence: Silence, message: string, cause: unknown): MillraceError =>
    silence.signal.aborted
      ? new MillraceError("TIMEOUT", `${name}: nothing came for ${timeoutMs / 1000} s.`, {
          cause,
          retryable: true,
        })
      : new MillraceError("REMOTE_FAILED", message, { cause, retryable: true });
  const get = async (from: number, to: number, signal: AbortSignal): Promise<Answer> => {
    const silence = silenceOf(timeoutMs);
    const answer = await request(url, {
      headers: { ...headers, range: `bytes=${from}-${to - 1}` },
      signal: AbortSignal.any([signal, silence.signal]),
    }).catch((cause: unknown) => {
      silence.end();
      signal.throwIfAborted();
      throw broken(silence, `${name} cannot be reached.`, cause);
    });
    if (answer.status === 206) return { answer, silence };
    await giveUp({ answer, silence });
    throw refusal(name, answer.status);
  };
  /** What an answer holds: just the range that was asked for, however much the server sends. */
  const bodyOf = async ({ answer, silence }: Answer, from: number, to: number) => {
    const range = /^bytes (\d+)-(\d+)\//.exec(answer.headers.get("content-range") ?? "");
    const lies = Number(range?.[1]) !== from || Number(range?.[2]) !== to - 1;
    const whole = new Uint8Array(lies ? 0 : to - from);
    let length = 0;
    let fits = !lies;
    // Not every browser can iterate over a body.
    const reader = answer.body?.getReader();
    try {
      for (let ended = reader === undefined; fits && !ended; ) {
        const { done, value = new Uint8Array(0) } = (await reader?.read()) ?? { done: true };
        silence.heard();
        ended = done;
        fits = length + value.length <= whole.length;
        if (fits) whole.set(value, length);
        length += value.length;
      }
      if (!fits) await reader?.cancel();
    } catch (cause) {
      ending.signal.throwIfAborted();
      const message = `${name}: the connection broke after ${length} of ${to - from} bytes.`;
      throw broken(silence, message, cause);
    } finally {
      silence.end();
    }
    if (fits && length === whole.length) return whole;
    throw new MillraceError(
      "REMOTE_FAILED",
      `${name}: the server was asked for bytes ${from} to ${to - 1} and answers with others, or another number of them.`,
      { retryable: true },
    );
  };
  const opening = options.signal ? AbortSignal.any([options.signal, ending.signal]) : ending.signal;
  const first = await get(0, pieceBytes, opening);
  const size = /\/(\d+)$/.exec(first.answer.headers.get("content-range") ?? "")?.[1];
  const sizeBytes = Number(size);
  if (!Number.isSafeInteger(sizeBytes)) {
    await giveUp(first);
    throw new MillraceError(
      "UNSUPPORTED",
      `${name}: the server does not say how large the video is.`,
    );
  }
  version = versionOf(first.answer);
  const kept = new Map<number, Promise<Uint8Array>>();
  /** What failed is asked for again by the next. */
  const keep = (number: number, coming: Promise<Uint8Array>): void => {
    kept.set(number, coming);
    coming.catch(() => {
      if (kept.get(number) === coming) kept.delete(number);
    });
  };
  keep(0, bodyOf(first, 0, Math.min(pieceBytes, sizeBytes)));

  /** Shared by all who ask, so that no one's signal ends it. */
  const piece = (number: number): Promise<Uint8Array> => {
    const found = kept.get(number);
    if (found !== undefined) {
      kept.delete(number);
      kept.set(number, found);
      return found;
    }
    const from = number * pieceBytes;
    const to = Math.min(from + pieceBytes, sizeBytes);
    const coming = get(from, to, ending.signal).then(async (found) => {
      if (versionOf(found.answer) !== version) {
        await giveUp(found);
        throw new MillraceError(
          "CORRUPT_INPUT",
          `${name} changed while it was read; open it again.`,
        );
      }
      return bodyOf(found, from, to);
    });
    keep(number, coming);
    for (const oldest of kept.keys()) {
      if (kept.size <= pieces) break;
      kept.delete(oldest);
    }
    return coming;
  };
  const close = async (): Promise<void> => {
    ending.abort(new MillraceError("CLOSED", `${name} is closed; open it again.`));
    kept.clear();
  };
  return {
    name,
    sizeBytes,
    async read(offset, length, { signal } = {}) {
      const end = Math.min(offset + length, sizeBytes);
      const whole = new Uint8Array(Math.max(0, end - offset));
      const numbers: number[] = [];
      for (let at = offset; at < end; at = (Math.floor(at / pieceBytes) + 1) * pieceBytes) {
        numbers.push(Math.floor(at / pieceBytes));
      }
      for (let group = 0; group < numbers.length; group += AT_ONCE) {
        signal?.throwIfAborted();
        const some = numbers.slice(group, group + AT_ONCE);
        const all = Promise.all(some.map(piece));
        const parts = await (signal ? abortable(all, signal) : all);
        for (const [at, part] of parts.entries()) {
          const start = (some[at] as number) * pieceBytes;
          const from = Math.max(0, offset - start);
          whole.set(part.subarray(from, Math.max(from, end - start)), Math.max(0, start - offset));
        }
      }
      return whole;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Answer {
  readonly answer: Response;
  readonly silence: Silence;
}

/** What ends a request of which nothing is heard any more. */
interface Silence {
  readonly signal: AbortSignal;
  heard(): void;
  /** Must be called when the request is over. */
  end(): void;
}

function silenceOf(mostMs: number): Silence {
  const controller = new AbortController();
  const wait = (): ReturnType<typeof setTimeout> => setTimeout(() => controller.abort(), mostMs);
  let timer = wait();
  const end = (): void => clearTimeout(timer);
  return {
    signal: controller.signal,
    heard() {
      end();
      timer = wait();
    },
    end,
  };
}

/** Gives up an answer that nobody reads. */
async function giveUp({ answer, silence }: Answer): Promise<void> {
  silence.end();
  await answer.body?.cancel();
}

function versionOf({ headers }: Response): string | undefined {
  return headers.get("etag") ?? headers.get("last-modified") ?? undefined;
}

function refusal(name: string, status: number): MillraceError {
  if (status === 200) {
    return new MillraceError(
      "UNSUPPORTED",
      `${name}: the server does not answer requests for ranges.`,
    );
  }
  const found = status === 404 || status === 410;
  return new MillraceError(
    found ? "NOT_FOUND" : "REMOTE_FAILED",
    `${name}: the server answers ${status}.`,
    { retryable: status >= 500 || status === 429, details: { status } },
  );
}
