import { MillraceError } from "@millrace/core";
import type { FastifyReply } from "fastify";

/** Aborted when the caller closes the connection before the answer is sent: nobody needs the work any more. */
export function callerSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => {
    if (reply.raw.writableFinished) return;
    controller.abort(new MillraceError("ABORTED", "The caller went away before the answer."));
  });
  return controller.signal;
}
