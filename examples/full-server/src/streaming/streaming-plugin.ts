import type { FastifyInstance } from "fastify";
import type { Registry } from "prom-client";
import type { VideoServices } from "../video/video-services.ts";
import { seedStreamRoutes } from "./compat/seed-stream-routes.ts";
import { streamRoutes } from "./routes/stream-routes.ts";
import { transportRoutes } from "./routes/transport-routes.ts";
import { openStreamingServices } from "./streaming-services.ts";
import type { StreamingSettings } from "./streaming-settings.ts";
import { routeUpgrades } from "./upgrades.ts";

/** Live streams: of videos and of a test pattern, to many viewers. */
export async function streamingPlugin(
  app: FastifyInstance,
  settings: StreamingSettings,
  register: Registry,
  videos: VideoServices,
): Promise<void> {
  const services = await openStreamingServices(settings, videos, register, app.log);
  // Viewers stay as long as they are let: they are sent away before the server waits for requests to end.
  app.addHook("preClose", async () => await services[Symbol.asyncDispose]());
  routeUpgrades(app);
  await app.register(async (streams) => await streamRoutes(streams, services));
  await app.register(async (streams) => await transportRoutes(streams, services));
  await app.register(async (streams) => await seedStreamRoutes(streams, services));
}
