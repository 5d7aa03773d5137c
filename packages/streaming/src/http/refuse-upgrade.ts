import { type IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { answerError } from "./answer.ts";

/** Answers a request for an upgrade with a failure, as `answerError` does, and ends its connection. */
export function refuseUpgrade(
  request: IncomingMessage,
  socket: Duplex,
  error: unknown,
  status?: number,
): void {
  if (socket.destroyed) return;
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as never);
  response.once("finish", () => socket.end());
  answerError(response, error, status);
}
