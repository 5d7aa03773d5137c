import { MillraceError, redactUrl } from "@millrace/core";
import { Agent, type Dispatcher } from "undici";
import type { AddressGuard } from "./address-guard.ts";

/** What a server sent of a file. */
export interface HttpPart {
  /** Maybe fewer than were asked for. */
  readonly bytes: Buffer;
  /** Size of the whole file. */
  readonly totalBytes: number;
  /** Whether the server ignored the range and sent the file from its first byte to its last. */
  readonly whole: boolean;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

const MOST_REDIRECTS = 5;
const CONNECT_TIMEOUT_MS = 10_000;
/** Between the request and the answer, and between two pieces of a body. */
const SILENCE_MS = 30_000;
/** For one part from its request to its last byte; the rest of a slow one is asked for again. */
const PART_MS = 120_000;

/** Asks one URL for parts of a file; its connections go where its {@link AddressGuard} allows. */
export class HttpClient {
  readonly #agent: Agent;
  readonly #given: URL;
  readonly #authorization: string | undefined;
  readonly #guard: AddressGuard | undefined;
  /** Where redirects led. */
  #found: URL | undefined;

  /**
   * Nothing is sent yet.
   *
   * @param guard - undefined to allow every address
   */
  constructor(input: string, guard: AddressGuard | undefined) {
    const url = new URL(input);
    this.#agent = new Agent({
      connect: {
        timeout: CONNECT_TIMEOUT_MS,
        ...(guard === undefined ? {} : { lookup: guard.lookup as never }),
      },
      connections: 2,
      headersTimeout: SILENCE_MS,
      bodyTimeout: SILENCE_MS,
    });
    this.#guard = guard;
    const { username, password } = url;
    const pair = `${decoded(username)}:${decoded(password)}`;
    this.#authorization =
      username || password ? `Basic ${Buffer.from(pair).toString("base64")}` : undefined;
    this.#given = new URL(url);
    this.#given.username = "";
    this.#given.password = "";
    this.#given.hash = "";
  }

  /**
   * So many bytes of the file, or fewer where the answer was cut.
   *
   * @param known - what is known of the file; a part of another one is refused
   * @param mostBytes - of an answer that ignores the range
   * @throws MillraceError - retryable where a later try may succeed
   */
  async part(
    offset: number,
    length: number,
    known: HttpPart | undefined,
    mostBytes: number,
    signal: AbortSignal | undefined,
  ): Promise<HttpPart> {
    const limit = AbortSignal.timeout(PART_MS);
    const either = signal === undefined ? limit : AbortSignal.any([signal, limit]);
    const answer = await this.#follow(offset, length, known, either);
    try {
      return await this.#read(answer, offset, length, known, mostBytes);
    } finally {
      // Ends the connection where the body was not read to its end.
      answer.body.on("error", () => {}).destroy();
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #follow(
    offset: number,
    length: number,
    known: HttpPart | undefined,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    let url = this.#found ?? this.#given;
    for (let hops = 0; ; hops++) {
      const answer = await this.#ask(url, offset, length, known, signal);
      const { statusCode, headers } = answer;
      const location = single(headers["location"]);
      if (![301, 302, 303, 307, 308].includes(statusCode) || location === undefined) {
        if (statusCode >= 400 && url !== this.#given && this.#found !== undefined) {
          // A signed address may have run out; the given one knows a new one.
          answer.body.on("error", () => {}).destroy();
          this.#found = undefined;
          url = this.#given;
          continue;
        }
        if (statusCode < 300) this.#found = url;
        return answer;
      }
      answer.body.on("error", () => {}).destroy();
      if (hops >= MOST_REDIRECTS) {
        throw new MillraceError(
          "UNSUPPORTED",
          `${this.#name} redirects more than ${MOST_REDIRECTS} times; give the address that it leads to.`,
        );
      }
      url = this.#next(location, url);
    }
  }

  #next(location: string, from: URL): URL {
    const next = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
    const where = `${this.#name} redirects to ${redactUrl(next ?? location)}`;
    if (next === undefined || !/^https?:$/.test(next.protocol)) {
      throw new MillraceError("UNSUPPORTED", `${where}, which is neither http nor https.`);
    }
    if (from.protocol === "https:" && next.protocol === "http:") {
      throw new MillraceError("UNSUPPORTED", `${where}, which is not encrypted; give it yourself.`);
    }
    // A user in a redirect is none of ours.
    next.username = "";
    next.password = "";
    next.hash = "";
    return next;
  }

  async #ask(
    url: URL,
    offset: number,
    length: number,
    known: HttpPart | undefined,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    this.#guard?.checkHost(url.hostname);
    const headers: Record<string, string> = {
      "accept-encoding": "identity",
      range: `bytes=${offset}-${offset + length - 1}`,
    };
    if (this.#authorization !== undefined && url.origin === this.#given.origin) {
      headers["authorization"] = this.#authorization;
    }
    // A weak ETag never matches here (RFC 9110, 13.1.5); it is compared with the answer's.
    const validator = known?.etag?.startsWith('"') === true ? known.etag : known?.lastModified;
    if (validator !== undefined) headers["if-range"] = validator;
    try {
      return await this.#agent.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: "GET",
        headers,
        signal,
      });
    } catch (cause) {
      throw this.#unreachable(cause);
    }
  }

  async #read(
    { statusCode, headers, body }: Dispatcher.ResponseData,
    offset: number,
    length: number,
    known: HttpPart | undefined,
    mostBytes: number,
  ): Promise<HttpPart> {
    const etag = single(headers["etag"]);
    const lastModified = single(headers["last-modified"]);
    const range = contentRange(single(headers["content-range"]));
    if (statusCode === 416 && known === undefined && range?.totalBytes === 0) {
      return { bytes: Buffer.alloc(0), totalBytes: 0, whole: true, etag, lastModified };
    }
    if (statusCode !== 200 && statusCode !== 206) throw this.#refused(statusCode, headers);
    const encoding = single(headers["content-encoding"]) ?? "identity";
    if (encoding !== "identity") {
      throw new MillraceError(
        "UNSUPPORTED",
        `${this.#name} is sent packed by ${encoding}, which was not asked for.`,
      );
    }
    if (statusCode === 200) {
      // The server knows ranges, so the file is not the same any more.
      if (known !== undefined) throw this.#changed();
      const bytes = await this.#whole(body, Number(single(headers["content-length"])), mostBytes);
      return { bytes, totalBytes: bytes.length, whole: true, etag, lastModified };
    }
    if (range === undefined || range.firstByte !== offset) {
      throw new MillraceError(
        "REMOTE_FAILED",
        `${this.#name} was asked for bytes from ${offset} on and answered with "${single(headers["content-range"]) ?? ""}"; the server does not know ranges.`,
      );
    }
    const { totalBytes } = range;
    if (known !== undefined) {
      // An answer to If-Range need not repeat Last-Modified (RFC 9110, 15.3.7).
      const differs =
        totalBytes !== known.totalBytes ||
        (etag ?? known.etag) !== known.etag ||
        (known.etag === undefined && (lastModified ?? known.lastModified) !== known.lastModified);
      if (differs) throw this.#changed();
    }
    const bytes = await this.#collect(body, length, known !== undefined);
    return { bytes, totalBytes, whole: false, etag, lastModified };
  }

  /** A body that ends early counts as far as it came, where something came. */
  async #collect(body: AsyncIterable<unknown>, length: number, mayBeCut: boolean): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    try {
      for await (const chunk of body) {
        const piece = (chunk as Buffer).subarray(0, length - filled);
        bytes.set(piece, filled);
        filled += piece.length;
        if (filled === length) break;
      }
    } catch (cause) {
      if (filled === 0 || !mayBeCut) throw this.#unreachable(cause);
    }
    if (filled === 0) throw this.#unreachable(new Error("its answer is empty"));
    return bytes.subarray(0, filled);
  }

  async #whole(
    body: AsyncIterable<unknown>,
    declaredBytes: number,
    mostBytes: number,
  ): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let size = 0;
    const check = (bytes: number): void => {
      if (!(bytes > mostBytes)) return;
      throw new MillraceError(
        "LIMIT_EXCEEDED",
        `${this.#name} is on a server that sends no parts of files, and has more than ${mostBytes} bytes, which are kept in memory; download it first, or raise the limit "nestedBytes".`,
      );
    };
    check(declaredBytes);
    try {
      for await (const chunk of body) {
        size += (chunk as Buffer).length;
        check(size);
        pieces.push(chunk as Buffer);
      }
    } catch (cause) {
      throw MillraceError.is(cause) ? cause : this.#unreachable(cause);
    }
    return Buffer.concat(pieces);
  }

  get #name(): string {
    const user = this.#authorization === undefined ? "" : "***@";
    return redactUrl(this.#given).replace("//", `//${user}`);
  }

  #changed(): MillraceError {
    return new MillraceError(
      "CORRUPT_INPUT",
      `${this.#name} was changed while it was read; read it again from the start.`,
    );
  }

  #refused(status: number, headers: Dispatcher.ResponseData["headers"]): MillraceError {
    const gone = status === 404 || status === 410;
    const denied = status === 401 || status === 403;
    const hint = denied ? "; check user and password, or the signature in the address" : "";
    return new MillraceError(
      gone ? "NOT_FOUND" : "REMOTE_FAILED",
      `${this.#name} is refused by its server with status ${status}${hint}.`,
      {
        retryable: status >= 500 || status === 408 || status === 425 || status === 429,
        details: { status, retryAfter: single(headers["retry-after"]) },
      },
    );
  }

  #unreachable(cause: unknown): MillraceError {
    if (MillraceError.is(cause)) return cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = message || code || "no answer";
    return new MillraceError("REMOTE_FAILED", `${this.#name} cannot be read: ${reason}.`, {
      cause,
      retryable: true,
    });
  }
}

/** As it is where it was never encoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function single(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" ? header : header?.[0];
}

function contentRange(
  header: string | undefined,
): { readonly firstByte: number; readonly totalBytes: number } | undefined {
  const [, first, total] = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(header ?? "") ?? [];
  if (total === undefined) return undefined;
  const totalBytes = Number(total);
  const firstByte = first === undefined ? -1 : Number(first);
  return Number.isSafeInteger(totalBytes) ? { firstByte, totalBytes } : undefined;
}
