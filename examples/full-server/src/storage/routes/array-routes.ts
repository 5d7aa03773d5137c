import { seriesTitle } from "@millrace/ingest";
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { StorageArray } from "../array-catalog.ts";
import { selector } from "../database-queries.ts";
import { deleteArray } from "../delete-array.ts";
import type { EventStream } from "../event-stream.ts";
import { grafanaLink } from "../grafana-link.ts";
import { querySeries } from "../series-query.ts";
import type { StorageServices } from "../services.ts";

const bySerial = z.object({ serial: z.string() });
/** One text or several. */
const texts = z
  .union([z.string(), z.array(z.string())])
  .default([])
  .transform((given) => (typeof given === "string" ? [given] : given));
const tags = ["arrays"];

/** Arrays that were loaded, and their series as the database holds them. */
export async function arrayRoutes(
  plain: FastifyInstance,
  services: StorageServices,
  events: EventStream,
): Promise<void> {
  const { arrays, queries, settings } = services;
  const app = plain.withTypeProvider<ZodTypeProvider>();
  const viewOf = (array: StorageArray) => ({ ...array, grafanaUrl: grafanaLink(settings, array) });
  app.get(
    "/v1/arrays",
    { schema: { summary: "Arrays, the one loaded last first", tags } },
    async () => ({
      arrays: (await arrays.list()).map(viewOf),
    }),
  );
  app.get(
    "/v1/arrays/:serial",
    { schema: { summary: "One array", tags, params: bySerial } },
    async ({ params: { serial } }) => viewOf(await arrays.get(serial)),
  );
  app.delete(
    "/v1/arrays/:serial",
    { schema: { summary: "Delete an array's series from the database", tags, params: bySerial } },
    async ({ params: { serial } }, reply) => {
      await deleteArray(serial, services);
      events.arraysChanged();
      return await reply.code(204).send();
    },
  );
  app.get(
    "/v1/arrays/:serial/resources",
    { schema: { summary: "Resource types with data", tags, params: bySerial } },
    async ({ params: { serial } }) => {
      const window = windowOf(await arrays.get(serial));
      const resources = await queries.labelValues("Resource", selector({ SN: serial }), window);
      return { resources };
    },
  );
  app.get(
    "/v1/arrays/:serial/elements",
    {
      schema: {
        ...{ summary: "Elements of a resource type", tags, params: bySerial },
        querystring: z.object({ resource: z.string() }),
      },
    },
    async ({ params: { serial }, query: { resource } }) => {
      const window = windowOf(await arrays.get(serial));
      const wanted = selector({ SN: serial, Resource: resource });
      return { elements: await queries.labelValues("Element", wanted, window) };
    },
  );
  app.get(
    "/v1/arrays/:serial/metrics",
    {
      schema: {
        ...{ summary: "Metrics of a resource type, or of elements of it", tags, params: bySerial },
        querystring: z.object({ resource: z.string(), element: texts }),
      },
    },
    async ({ params: { serial }, query: { resource, element } }) => {
      const window = windowOf(await arrays.get(serial));
      const wanted = selector({
        ...{ SN: serial, Resource: resource },
        ...(element.length === 0 ? {} : { Element: element }),
      });
      const names = await queries.labelValues("__name__", wanted, window);
      return { metrics: names.map((name) => ({ name, ...seriesTitle(name) })) };
    },
  );
  app.get(
    "/v1/arrays/:serial/series",
    {
      schema: {
        ...{ summary: "Samples in steps, for a chart", tags, params: bySerial },
        querystring: z.object({
          resource: z.string(),
          metric: z.string(),
          element: texts,
          fromMs: z.coerce.number().optional(),
          toMs: z.coerce.number().optional(),
          points: z.coerce.number().int().min(10).max(10_000).default(1_000),
        }),
      },
    },
    async ({ params: { serial }, query }) => {
      const array = await arrays.get(serial);
      const { resource, metric, element: elements, points } = query;
      // There is nothing outside, and a database does not look decades back.
      const [firstMs, lastMs] = array.timeRangeMs;
      const within = (timeMs: number): number => Math.min(Math.max(timeMs, firstMs), lastMs);
      const fromMs = within(query.fromMs ?? firstMs);
      const toMs = Math.max(fromMs, within(query.toMs ?? lastMs));
      return await querySeries(queries, array, {
        resource,
        metric,
        elements,
        fromMs,
        toMs,
        points,
      });
    },
  );
}

/** Label queries of a database look at the last days only, unless told otherwise. */
function windowOf({ timeRangeMs: [fromMs, toMs] }: StorageArray) {
  return { fromMs, toMs };
}
