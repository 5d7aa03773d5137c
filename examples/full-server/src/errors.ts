import { MillraceError, type MillraceErrorCode } from "@millrace/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { hideFolder } from "./hide-folder.ts";

const STATUS: Partial<Record<MillraceErrorCode, number>> = {
  INVALID_OPTION: 400,
  CORRUPT_INPUT: 422,
  UNSUPPORTED: 415,
  NOT_FOUND: 404,
  LIMIT_EXCEEDED: 413,
  REMOTE_FAILED: 502,
  SINK_REJECTED: 502,
  TIMEOUT: 504,
  CLOSED: 503,
  OVERFLOW: 503,
  MISSING_DEPENDENCY: 503,
  // As nginx notes it; the caller is gone and reads no status.
  ABORTED: 499,
};

/** Answers failures in one form: `{ error: { code, message, requestId } }`, in which no path of this machine stands. */
export function answerErrors(app: FastifyInstance, dataFolder: string): void {
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, dataFolder));
  app.setNotFoundHandler((request, reply) =>
    send(
      reply,
      request,
      404,
      "NOT_FOUND",
      `There is nothing at ${request.method} ${pathOf(request)}.`,
    ),
  );
}

/** Answers one failure. */
export function sendError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  dataFolder: string,
): FastifyReply {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const problems = error.validation.map(
      ({ instancePath, message }) =>
        `${instancePath.slice(1).replaceAll("/", ".") || "body"}: ${message}`,
    );
    return send(reply, request, 400, "INVALID_OPTION", `${problems.join("; ")}.`);
  }
  if (MillraceError.is(error)) {
    const status = STATUS[error.code] ?? 500;
    if (status >= 500) request.log.error({ err: error }, "request failed");
    return send(reply, request, status, error.code, hideFolder(error.message, dataFolder));
  }
  const { statusCode = 500, message } = error as { statusCode?: number; message: string };
  if (statusCode < 500) {
    const shown = message.replaceAll(request.url, () => pathOf(request));
    return send(reply, request, statusCode, codeOf(statusCode), shown);
  }
  request.log.error({ err: error }, "request failed");
  const said = `Something went wrong here; the server's log says what, under ${request.id}.`;
  return send(reply, request, 500, "INTERNAL", said);
}

function send(
  reply: FastifyReply,
  request: FastifyRequest,
  status: number,
  code: string,
  message: string,
): FastifyReply {
  return reply.code(status).send({ error: { code, message, requestId: request.id } });
}

function codeOf(status: number): MillraceErrorCode {
  if (status === 404) return "NOT_FOUND";
  return status === 413 || status === 429 ? "LIMIT_EXCEEDED" : "INVALID_OPTION";
}

/** The query may hold a token. */
function pathOf({ url }: FastifyRequest): string {
  return url.split("?")[0] ?? "";
}
