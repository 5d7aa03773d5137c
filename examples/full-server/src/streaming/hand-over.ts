import type { Publication } from "@millrace/streaming";
import type { FastifyReply, FastifyRequest } from "fastify";

/** Leaves a request to a transport, with the headers that the server's own answers have. */
export async function handOver(
  request: FastifyRequest,
  reply: FastifyReply,
  publication: Publication,
  path: string,
): Promise<void> {
  reply.hijack();
  const headers = {
    ...reply.getHeaders(),
    "x-request-id": request.id,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  };
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  await publication.handle(request.raw, reply.raw, path);
}
