import type { IncomingHttpHeaders } from "node:http";
import { Readable } from "node:stream";
import type { ObjectStore } from "@millrace/core/objects";
import type { FastifyReply } from "fastify";

/**
 * Sends an object as a download: whole, or the one range that was asked for (RFC 9110, 14).
 *
 * @throws MillraceError NOT_FOUND when there is none
 */
export async function sendObject(
  reply: FastifyReply,
  headers: IncomingHttpHeaders,
  objects: ObjectStore,
  key: string,
  name: string,
): Promise<FastifyReply> {
  const { sizeBytes, etag } = await objects.head(key);
  const quoted = etag === undefined ? undefined : `"${etag.replaceAll('"', "")}"`;
  reply.header("accept-ranges", "bytes");
  if (quoted !== undefined) reply.header("etag", quoted);
  reply.header("content-disposition", `attachment; filename*=UTF-8''${encoded(name)}`);
  reply.type("application/octet-stream");
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
  const part = objects.get(key, { offset, length, ...(etag === undefined ? {} : { etag }) });
  return await reply.send(Readable.from(part));
}

/** As RFC 8187 wants it, which allows fewer characters than an address. */
function encoded(name: string): string {
  return encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
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
