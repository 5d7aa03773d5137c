import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { FastifyReply } from "fastify";

/** Bytes that may be asked for in parts. */
export interface SentBytes {
  readonly sizeBytes: number;
  /** What tells these bytes from others of the same address; without quotes. */
  readonly etag: string | undefined;
  readonly type: string;
  /** `content-disposition`. */
  readonly disposition: string;
  read(part: { readonly offset: number; readonly length: number }): Readable;
}

/** Sends bytes: whole, or the one range that was asked for (RFC 9110, 14). */
export async function sendBytes(
  reply: FastifyReply,
  headers: IncomingHttpHeaders,
  { sizeBytes, etag, type, disposition, read }: SentBytes,
): Promise<FastifyReply> {
  const quoted = etag === undefined ? undefined : `"${etag.replaceAll('"', "")}"`;
  reply.header("accept-ranges", "bytes");
  if (quoted !== undefined) reply.header("etag", quoted);
  reply.header("content-disposition", disposition);
  reply.type(type);
  if (quoted !== undefined && headers["if-none-match"] === quoted)
    return await reply.code(304).send();
  const condition = headers["if-range"];
  const isAsked = condition === undefined || condition === quoted;
  const range = isAsked ? rangeOf(headers.range, sizeBytes) : undefined;
  if (range === "unsatisfiable") {
    reply.header("content-range", `bytes */${sizeBytes}`);
    return await reply.code(416).send();
  }
  const { offset, length } = range ?? { offset: 0, length: sizeBytes };
  if (range !== undefined) {
    reply.code(206);
    reply.header("content-range", `bytes ${offset}-${offset + length - 1}/${sizeBytes}`);
  }
  reply.header("content-length", length);
  return await reply.send(read({ offset, length }));
}

/** A name as `content-disposition` takes it (RFC 8187), which allows fewer characters than an address. */
export function encodedName(name: string): string {
  const text = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `filename*=UTF-8''${text}`;
}

/** Several ranges at once, or what is no range, count as none: the answer is the whole. */
function rangeOf(
  header: string | undefined,
  sizeBytes: number,
): { readonly offset: number; readonly length: number } | "unsatisfiable" | undefined {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return undefined;
  if (from === "") {
    const length = Math.min(Number(to), sizeBytes);
    return length === 0 ? "unsatisfiable" : { offset: sizeBytes - length, length };
  }
  const offset = Number(from);
  const end = to === "" ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1);
  if (offset >= sizeBytes) return "unsatisfiable";
  return end < offset ? undefined : { offset, length: end - offset + 1 };
}
