import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ServerSettings } from "./settings.ts";

/**
 * Asks every caller of this scope for the token, or for user and password, where one is set. Streams and downloads,
 * to which a page cannot give a header, may carry it as `access_token`.
 */
export function guardAccess(scope: FastifyInstance, settings: ServerSettings): void {
  const { token, user, password } = settings;
  const wanted: Buffer[] = [];
  if (token !== undefined) wanted.push(digest(`Bearer ${token}`));
  if (user !== undefined && password !== undefined) {
    wanted.push(digest(`Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`));
  }
  if (wanted.length === 0) return;
  scope.addHook("onRequest", async (request, reply) => {
    const given = digest(credentials(request));
    // In constant time, so that no one learns a token letter by letter.
    if (wanted.some((one) => timingSafeEqual(one, given))) return;
    if (user !== undefined) reply.header("www-authenticate", 'Basic realm="millrace"');
    await reply.code(401).send({
      error: {
        code: "UNAUTHORIZED",
        message: "This needs the server's token: send it as Authorization: Bearer <token>.",
        requestId: request.id,
      },
    });
  });
}

function credentials(request: FastifyRequest): string {
  const { authorization } = request.headers;
  if (authorization !== undefined) return authorization;
  const { access_token: token } = request.query as { access_token?: unknown };
  return typeof token === "string" ? `Bearer ${token}` : "";
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
