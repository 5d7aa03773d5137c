import { randomUUID } from "node:crypto";
import cors from "@fastify/cors";
import rateLimit from "@fastify/rate-limit";
import { MillraceError } from "@millrace/core";
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { guardAccess } from "./access.ts";
import { checkSettings } from "./check-settings.ts";
import { answerErrors, sendError } from "./errors.ts";
import { metricsRoute } from "./metrics.ts";
import { describeApi } from "./open-api.ts";
import { guardOrigin } from "./origin-guard.ts";
import { servePages } from "./pages.ts";
import type { ServerSettings } from "./settings.ts";
import { storagePlugin } from "./storage/storage-plugin.ts";
import { streamingPlugin } from "./streaming/streaming-plugin.ts";
import { version } from "./version.ts";
import { FRAME_HEADERS } from "./video/frame-headers.ts";
import { videoPlugin } from "./video/video-plugin.ts";

/** A server that takes requests. */
export interface RunningServer extends AsyncDisposable {
  /** Where it is: `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly app: FastifyInstance;
  /** Resolves when it is closed; rejects when it can carry out no more jobs, as when its disk fails: start it again. */
  readonly ended: Promise<void>;
  /** Takes no more requests, lets the running ones end, and puts the running loads down where they are. */
  close(): Promise<void>;
}

const LONGEST_PARAMETER = 4_096;
/** How long a stop waits for requests; an upload in pieces goes on after the next start. */
const DRAIN_MS = 3_000;
/** A client that is silent for so long is gone. */
const SILENT_MS = 15 * 60_000;

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
  const end = Promise.withResolvers<void>();
  // Nobody has to look at it.
  end.promise.catch(() => {});
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
    connectionTimeout: SILENT_MS,
    forceCloseConnections: "idle",
  });
  try {
    await addRoutes(app, settings, end.reject);
    const url = await listen(app, settings);
    const close = async (): Promise<void> => {
      await app.close();
      end.resolve();
    };
    return { url, app, ended: end.promise, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    // What was opened before would go on by itself.
    await app.close().catch(() => {});
    throw error;
  }
}

async function addRoutes(
  app: FastifyInstance,
  settings: ServerSettings,
  fail: (reason: unknown) => void,
): Promise<void> {
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.addHook("onSend", async (request, reply) => {
    reply.header("x-request-id", request.id);
    reply.header("x-content-type-options", "nosniff");
    reply.header("referrer-policy", "no-referrer");
  });
  app.addHook("preClose", async () => {
    setTimeout(() => app.server.closeAllConnections(), DRAIN_MS).unref();
  });
  answerErrors(app, settings.dataFolder);
  await app.register(cors, {
    origin: settings.allowedOrigins.length === 0 ? false : [...settings.allowedOrigins],
    methods: ["GET", "HEAD", "POST", "PATCH", "DELETE"],
    exposedHeaders: [
      "Location",
      "Upload-Offset",
      "Upload-Length",
      "Tus-Resumable",
      ...["ETag", "Link", "Accept-Patch", "Retry-After"],
      ...FRAME_HEADERS,
    ],
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
    const register = await metricsRoute(guarded);
    await storagePlugin(guarded, settings, fail);
    if (settings.role === "worker") return;
    const videos = await videoPlugin(guarded, settings, register);
    await streamingPlugin(guarded, settings, register, videos);
  });
  await servePages(app, {
    status: "ok",
    service: "millrace",
    version,
  });
}

async function listen(app: FastifyInstance, { host, port }: ServerSettings): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    if (!(cause instanceof Error) || !("syscall" in cause)) throw cause;
    throw new MillraceError(
      "INVALID_OPTION",
      `The server cannot listen at ${host}, port ${port}: ${cause.message}. Give another host or port, or stop what uses it.`,
      { cause },
    );
  }
}
