import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import staticFiles from "@fastify/static";
import type { FastifyInstance } from "fastify";

const ROOT = fileURLToPath(new URL("../dist/web/", import.meta.url));
/** Pages load nothing from elsewhere, and nothing runs in them that is not a file of ours. */
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

/** Serves the pages, and at `/` a few words for programs. */
export async function servePages(
  app: FastifyInstance,
  about: Readonly<Record<string, string>>,
): Promise<void> {
  const hasPages = existsSync(ROOT);
  app.get("/", { schema: { hide: true } }, async (request, reply) => {
    const wantsPage = request.headers.accept?.includes("text/html") === true;
    if (wantsPage && hasPages) return await page(reply);
    return { ...about, timestamp: new Date().toISOString() };
  });
  if (!hasPages) return;
  await app.register(staticFiles, {
    root: ROOT,
    index: false,
    wildcard: false,
    immutable: true,
    maxAge: "365d",
  });
  for (const path of ["/upload", "/charts", "/video", "/webrtc"]) {
    app.get(path, { schema: { hide: true } }, async (_request, reply) => await page(reply));
  }

  function page(reply: import("fastify").FastifyReply) {
    reply.header("content-security-policy", POLICY);
    reply.header("cache-control", "no-cache");
    return reply.sendFile("index.html", { maxAge: 0, immutable: false, cacheControl: false });
  }
}
