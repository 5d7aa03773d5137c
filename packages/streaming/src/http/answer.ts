import type { ServerResponse } from "node:http";
import { MillraceError, type MillraceErrorCode } from "@millrace/core";

const STATUS: Partial<Record<MillraceErrorCode, number>> = {
  INVALID_OPTION: 400,
  CORRUPT_INPUT: 400,
  NOT_FOUND: 404,
  LIMIT_EXCEEDED: 503,
  MISSING_DEPENDENCY: 501,
  UNSUPPORTED: 501,
  CLOSED: 410,
  TIMEOUT: 504,
};
/** Viewers that were sent away come back after so long. */
const RETRY_AFTER_S = 5;

/** Answers with text and ends. Does nothing when the caller has gone. */
export function answer(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: string | Uint8Array = "",
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { "cache-control": "no-store", ...headers });
  response.end(body);
}

/** Answers a failure as `{ code, message }`; one that is not ours says nothing of what is inside. */
export function answerError(response: ServerResponse, error: unknown, status?: number): void {
  const known = MillraceError.is(error);
  const code = known ? error.code : "INTERNAL";
  const message = known ? error.message : "Something went wrong here.";
  const shown = status ?? (known ? STATUS[error.code] : undefined) ?? 500;
  answer(
    response,
    shown,
    {
      "content-type": "application/json; charset=utf-8",
      ...(shown === 503 && { "retry-after": String(RETRY_AFTER_S) }),
    },
    JSON.stringify({ code, message }),
  );
}

/** Answers that this method is not taken here. */
export function answerMethod(response: ServerResponse, allowed: readonly string[]): void {
  answer(response, 405, { allow: allowed.join(", ") });
}
