import type { IncomingHttpHeaders } from "node:http";
import { Readable } from "node:stream";
import type { ObjectStore } from "@millrace/core/objects";
import type { FastifyReply } from "fastify";
import { encodedName, sendBytes } from "../send-bytes.ts";

/**
 * Sends an object as a download: whole, or the one range that was asked for.
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
  return await sendBytes(reply, headers, {
    sizeBytes,
    etag,
    type: "application/octet-stream",
    disposition: `attachment; ${encodedName(name)}`,
    read: (part) =>
      Readable.from(objects.get(key, { ...part, ...(etag === undefined ? {} : { etag }) })),
  });
}
