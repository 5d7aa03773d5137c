import { type IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyInstance } from "fastify";

/** A connection that asks to become another one. */
export interface Upgrade {
  readonly socket: Duplex;
  readonly head: Buffer;
}

const waiting = new WeakMap<IncomingMessage, Upgrade>();

/**
 * Routes requests for an upgrade as all others, so that the same rules hold for them: who may call, from which page, how
 * often. A route takes the connection over with {@link takeUpgrade}; what does not is answered like any request.
 */
export function routeUpgrades(app: FastifyInstance): void {
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // Nobody else listens any more, and an error that nobody hears ends the process.
    socket.on("error", () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    // Of node:net, as the server listens on TCP.
    response.assignSocket(socket as Parameters<ServerResponse["assignSocket"]>[0]);
    response.once("finish", () => socket.end());
    waiting.set(request, { socket, head });
    app.routing(request, response);
  };
  app.server.on("upgrade", onUpgrade);
  app.addHook("onClose", async () => void app.server.off("upgrade", onUpgrade));
}

/** The connection of a request, which is the caller's now; undefined where it asks for no upgrade. */
export function takeUpgrade(
  request: IncomingMessage,
  response: ServerResponse,
): Upgrade | undefined {
  const upgrade = waiting.get(request);
  if (!upgrade) return undefined;
  waiting.delete(request);
  response.detachSocket(upgrade.socket as Parameters<ServerResponse["detachSocket"]>[0]);
  return upgrade;
}
