import { abortable, MillraceError, redactUrl } from "@millrace/core/web";
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
  readonly signal?: AbortSignal;
}

const PIECE = 256 * 1024;
const PIECES = 64;

/**
 * A video on a web server that answers requests for ranges, read in pieces. Works in Node and in browsers.
 *
 * Who calls it answers for the address: an application that takes one from its users must check where it leads.
 *
 * @throws MillraceError NOT_FOUND or REMOTE_FAILED as the server answers, UNSUPPORTED when it does not know ranges
 */
export async function httpBytes(
  url: string | URL,
  options: HttpBytesOptions = {},
): Promise<ByteSource> {
  const { headers = {}, pieceBytes = PIECE, pieces = PIECES } = options;
  const request = options.fetch ?? fetch;
  const name = redactUrl(String(url));
  let version: string | undefined;

  const get = async (from: number, to: number, signal?: AbortSignal): Promise<Response> => {
    const answer = await request(url, {
      headers: { ...headers, range: `bytes=${from}-${to - 1}` },
      ...(signal && { signal }),
    }).catch((cause: unknown) => {
      signal?.throwIfAborted();
      throw new MillraceError("REMOTE_FAILED", `${name} cannot be reached.`, {
        cause,
        retryable: true,
      });
    });
    if (answer.status === 206) return answer;
    await answer.body?.cancel();
    throw refusal(name, answer.status);
  };
  const first = await get(0, pieceBytes, options.signal);
  const size = /\/(\d+)$/.exec(first.headers.get("content-range") ?? "")?.[1];
  if (size === undefined) {
    await first.body?.cancel();
    throw new MillraceError(
      "UNSUPPORTED",
      `${name}: the server does not say how large the video is.`,
    );
  }
  version = first.headers.get("etag") ?? first.headers.get("last-modified") ?? undefined;
  const sizeBytes = Number(size);
  const kept = new Map<number, Promise<Uint8Array>>([[0, first.arrayBuffer().then(bytes)]]);

  /** Shared by all who ask, so that no one's signal ends it. */
  const piece = (number: number): Promise<Uint8Array> => {
    const found = kept.get(number);
    if (found !== undefined) {
      kept.delete(number);
      kept.set(number, found);
      return found;
    }
    const from = number * pieceBytes;
    const coming = get(from, Math.min(from + pieceBytes, sizeBytes)).then(async (answer) => {
      const now = answer.headers.get("etag") ?? answer.headers.get("last-modified") ?? undefined;
      if (now !== version) {
        await answer.body?.cancel();
        throw new MillraceError(
          "CORRUPT_INPUT",
          `${name} changed while it was read; open it again.`,
        );
      }
      return bytes(await answer.arrayBuffer());
    });
    kept.set(number, coming);
    // What failed is asked for again by the next.
    coming.catch(() => {
      if (kept.get(number) === coming) kept.delete(number);
    });
    for (const oldest of kept.keys()) {
      if (kept.size <= pieces) break;
      kept.delete(oldest);
    }
    return coming;
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
      const all = Promise.all(numbers.map(piece));
      const parts = await (signal ? abortable(all, signal) : all);
      for (const [at, part] of parts.entries()) {
        const start = (numbers[at] as number) * pieceBytes;
        const from = Math.max(0, offset - start);
        whole.set(part.subarray(from, Math.max(from, end - start)), Math.max(0, start - offset));
      }
      return whole;
    },
    async close() {
      kept.clear();
    },
    async [Symbol.asyncDispose]() {
      kept.clear();
    },
  };
}

function bytes(buffer: ArrayBuffer): Uint8Array {
  return new Uint8Array(buffer);
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
