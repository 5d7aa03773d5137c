import multipart from "@fastify/multipart";
import type { FastifyInstance } from "fastify";
import type { Registry } from "prom-client";
import { seedVideoRoutes } from "./compat/seed-video-routes.ts";
import { frameRoutes } from "./routes/frame-routes.ts";
import { inferenceRoutes } from "./routes/inference-routes.ts";
import { videoRoutes } from "./routes/video-routes.ts";
import { openVideoServices, type VideoServices } from "./video-services.ts";
import type { VideoSettings } from "./video-settings.ts";

/**
 * Videos: any frame of them as a picture, and what a model finds in it.
 *
 * @returns what others need who show the same videos
 */
export async function videoPlugin(
  app: FastifyInstance,
  settings: VideoSettings,
  register: Registry,
): Promise<VideoServices> {
  const services = await openVideoServices(settings, register, app.log);
  app.addHook("onClose", async () => await services[Symbol.asyncDispose]());
  // Another product may have brought it.
  if (!app.hasContentTypeParser("multipart/form-data")) {
    await app.register(multipart, {
      limits: { files: 1, fields: 10, fieldSize: 1_000 },
      throwFileSizeLimit: false,
    });
  }
  await app.register(async (videos) => {
    videos.addHook("onRequest", async () => {
      services.requests.all += 1;
    });
    await videoRoutes(videos, services);
    await frameRoutes(videos, services);
    await inferenceRoutes(videos, services);
    await seedVideoRoutes(videos, services);
  });
  return services;
}
