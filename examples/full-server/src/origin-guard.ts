import { isIP } from "node:net";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ServerSettings } from "./settings.ts";

/**
 * Refuses what a page of somewhere else makes a browser send here. A form needs no permission of CORS, and a name that
 * leads to this machine makes a foreign page look like one of ours; so a request that names its page must come from
 * this server's own or from `allowedOrigins`, and where nobody signs in, the server answers only under names it knows.
 */
export function guardOrigin(scope: FastifyInstance, settings: ServerSettings): void {
  const { hosts, allowedOrigins, token, user } = settings;
  const isOpen = token === undefined && user === undefined;
  const isKnown = (host: string): boolean => hosts.includes(host) || hosts.includes(nameOf(host));
  const problemOf = ({ headers }: FastifyRequest): string | undefined => {
    const { host = "", origin } = headers;
    const name = nameOf(host);
    if (isOpen && !isLoopback(name) && name !== settings.host && !isKnown(host)) {
      return `This server has no token, so it does not answer under the name "${shown(name)}"; add the name to its setting hosts.`;
    }
    if (origin === undefined || allowedOrigins === "*") return undefined;
    if (allowedOrigins.includes(origin)) return undefined;
    const from = /^https?:\/\/(.+)$/i.exec(origin)?.[1] ?? "";
    if (from !== "" && (from === host || isKnown(from))) return undefined;
    return `Pages of ${shown(origin)} may not call this server; add the origin to its setting allowedOrigins, or the name of a proxy before it to hosts.`;
  };
  scope.addHook("onRequest", async (request, reply) => {
    const message = problemOf(request);
    if (message === undefined) return;
    await reply.code(403).send({ error: { code: "FORBIDDEN", message, requestId: request.id } });
  });
}

/** Whether an address, or a name, is reached from this machine only. */
export function isLoopback(name: string): boolean {
  if (name === "localhost" || name === "::1") return true;
  return isIP(name) === 4 && name.startsWith("127.");
}

/** The host without its port. */
function nameOf(host: string): string {
  return host
    .toLowerCase()
    .replace(/:\d*$/, "")
    .replace(/^\[(.*)\]$/, "$1");
}

function shown(text: string): string {
  return text.slice(0, 100);
}
