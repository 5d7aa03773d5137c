import type { OutgoingHttpHeaders } from "node:http";
import type { FastifyInstance } from "fastify";
import type { ServerSettings } from "../settings.ts";
import { version } from "../version.ts";
import { seedRoutes } from "./compat/seed-routes.ts";
import { EventStream } from "./event-stream.ts";
import { TARGETS } from "./load/load-job.ts";
import { startLoadWorker } from "./load-worker.ts";
import { arrayRoutes } from "./routes/array-routes.ts";
import { jobRoutes } from "./routes/job-routes.ts";
import { uploadRoutes } from "./routes/upload-routes.ts";
import { openServices } from "./services.ts";
import { sweep } from "./sweep.ts";
import { TusUploads } from "./tus-uploads.ts";
import { watchFolder } from "./watch-folder.ts";

const SWEEP_MS = 3_600_000;

/**
 * Storage metrics: uploads become loads, loads become arrays to look at.
 *
 * @param fail - is told why no more loads can be carried out
 */
export async function storagePlugin(
  app: FastifyInstance,
  settings: ServerSettings,
  fail: (reason: unknown) => void,
): Promise<void> {
  const services = await openServices(settings);
  const closing: AsyncDisposable[] = [services];
  app.addHook("onClose", async () => {
    for (const one of closing.toReversed()) await one[Symbol.asyncDispose]();
  });
  if (settings.role !== "worker") {
    const events = new EventStream(services);
    // Pages that listen would keep the server from closing.
    app.addHook("preClose", async () => events[Symbol.dispose]());
    const uploads = new TusUploads(services, "/v1/uploads", app.log);
    closing.push(uploads);
    uploads.recover();
    app.get(
      "/v1/settings",
      { schema: { summary: "What a page needs to know of this server", tags: ["server"] } },
      async () => ({
        version,
        grafanaUrl: settings.grafanaUrl ?? null,
        maxUploadBytes: settings.maxUploadBytes,
        targets: TARGETS,
        database: { url: services.queries.shown, reachable: await services.queries.isReachable() },
      }),
    );
    app.get("/v1/events", { schema: { hide: true } }, (_request, reply) => {
      reply.hijack();
      events.open(reply.raw, reply.getHeaders() as OutgoingHttpHeaders);
    });
    await uploadRoutes(app, services, uploads);
    await jobRoutes(app, services);
    await arrayRoutes(app, services, events);
    await seedRoutes(app, services, events);
    const cleanUp = async (): Promise<void> => {
      try {
        await uploads.clean(Date.now());
        await sweep(services, Date.now());
      } catch (error) {
        app.log.warn({ err: error }, "sweep");
      }
    };
    const timer = setInterval(() => {
      void cleanUp();
    }, SWEEP_MS);
    timer.unref();
    void cleanUp();
    app.addHook("onClose", async () => clearInterval(timer));
    if (settings.watchFolder !== undefined) {
      closing.push(await watchFolder(settings.watchFolder, services, app.log));
    }
  }
  if (settings.role !== "api") {
    const worker = await startLoadWorker(services);
    worker.ended.catch((error: unknown) => {
      app.log.fatal({ err: error }, "the worker ended");
      fail(error);
    });
    closing.push(worker);
  }
}
