import { randomUUID } from "node:crypto";
import cors from "@fastify/cors";
import rateLimit from "@fastify/rate-limit";
import { MillraceError } from "@millrace/core";
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { guardAccess } from "./access.ts";
import { answerErrors, sendError } from "./errors.ts";
import { metricsRoute } from "./metrics.ts";
import { describeApi } from "./open-api.ts";
import { guardOrigin, isLoopback } from "./origin-guard.ts";
import { servePages } from "./pages.ts";
import type { ServerSettings } from "./settings.ts";
import { storagePlugin } from "./storage/storage-plugin.ts";
import { version } from "./version.ts";

/** A server that takes requests. */
export interface RunningServer extends AsyncDisposable {
  /** Where it is: `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly app: FastifyInstance;
  /** Takes no more requests, lets the running ones end, and puts the running loads down where they are. */
  close(): Promise<void>;
}

const LONGEST_PARAMETER = 4_096;

/**
 * Starts a server.
 *
 * @param logger - where it tells what it does; it says nothing without
 * @throws MillraceError INVALID_OPTION when the settings leave it open to the network, or do not go together
 */
export async function startServer(
  settings: ServerSettings,
  { logger }: { readonly logger?: FastifyBaseLogger } = {},
): Promise<RunningServer> {
  checkSettings(settings);
  const app: FastifyInstance = fastify({
    ...(logger === undefined ? {} : { loggerInstance: logger }),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    // Names of outputs and serial numbers, percent-encoded.
    routerOptions: { maxParamLength: LONGEST_PARAMETER },
    frameworkErrors: (error, request, reply) =>
      sendError(error, request, reply, settings.dataFolder),
    // Uploads take as long as they take; tus and the store notice those that are broken off.
    requestTimeout: 0,
    forceCloseConnections: "idle",
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.addHook("onSend", async (request, reply) => {
    reply.header("x-request-id", request.id);
    reply.header("x-content-type-options", "nosniff");
    reply.header("referrer-policy", "no-referrer");
  });
  answerErrors(app, settings.dataFolder);
  await app.register(cors, {
    origin: settings.corsOrigins.length === 0 ? false : [...settings.corsOrigins],
    methods: ["GET", "HEAD", "POST", "PATCH", "DELETE"],
    exposedHeaders: ["Location", "Upload-Offset", "Upload-Length", "Tus-Resumable"],
  });
  await app.register(rateLimit, { max: settings.rateLimit, timeWindow: "1 minute" });
  await describeApi(app);
  app.get(
    "/health",
    { schema: { summary: "Whether the server runs", tags: ["server"] } },
    async () => ({
      status: "healthy",
    }),
  );
  await app.register(async (guarded) => {
    guardOrigin(guarded, settings);
    guardAccess(guarded, settings);
    await metricsRoute(guarded);
    await storagePlugin(guarded, settings);
  });
  await servePages(app, {
    status: "ok",
    service: "millrace",
    version,
  });
  const url = await app.listen({ host: settings.host, port: settings.port });
  const close = async (): Promise<void> => await app.close();
  return { url, app, close, [Symbol.asyncDispose]: close };
}

function checkSettings({ host, token, user, password, role, queueUrl }: ServerSettings): void {
  const refuse = (problem: string): never => {
    throw new MillraceError("INVALID_OPTION", problem);
  };
  if ((user === undefined) !== (password === undefined)) {
    refuse("user and password belong together: give both or neither.");
  }
  if (!isLoopback(host) && token === undefined && user === undefined) {
    refuse(
      `host is ${host}, which other machines reach: set a token, so that not everybody can load and delete.`,
    );
  }
  if (role !== "all" && queueUrl === undefined) {
    refuse(
      `role is ${role}, so another process does the rest: give queueUrl, which joins the two.`,
    );
  }
}
