import { MillraceError } from "@millrace/core";
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { viewOf } from "../job-views.ts";
import { outputKey } from "../load/load-into-files.ts";
import { removeJob } from "../remove-job.ts";
import { sendObject } from "../send-object.ts";
import type { StorageServices } from "../services.ts";

const STATES = ["waiting", "delayed", "running", "done", "failed", "cancelled"] as const;
const byId = z.object({ id: z.string() });
const tags = ["jobs"];

/** Loads: what they do, what they said, and what becomes of them. */
export async function jobRoutes(plain: FastifyInstance, services: StorageServices): Promise<void> {
  const { jobs, queue } = services;
  const app = plain.withTypeProvider<ZodTypeProvider>();
  app.get(
    "/v1/jobs",
    {
      schema: {
        ...{ summary: "Loads, the newest first", tags },
        querystring: z.object({
          state: z.enum(STATES).optional(),
          limit: z.coerce.number().int().min(1).max(1_000).default(100),
          cursor: z.string().optional(),
        }),
      },
    },
    async ({ query: { state, limit, cursor } }) =>
      await jobs.list({
        limit,
        ...(state === undefined ? {} : { states: [state] }),
        ...(cursor === undefined ? {} : { cursor }),
      }),
  );
  app.get(
    "/v1/jobs/:id",
    { schema: { summary: "One load", tags, params: byId } },
    async ({ params: { id } }) => await jobs.get(id),
  );
  app.get(
    "/v1/jobs/:id/log",
    {
      schema: {
        ...{ summary: "What a load said, the oldest line first", tags, params: byId },
        querystring: z.object({
          after: z.coerce.number().int().min(0).default(0),
          limit: z.coerce.number().int().min(1).max(1_000).default(1_000),
        }),
      },
    },
    async ({ params: { id }, query }) => {
      await jobs.get(id);
      const { lines, next } = await queue.logs(id, query);
      return {
        lines: lines.map(({ line, atMs, text }) => ({ number: line, timeMs: atMs, text })),
        next: next ?? null,
      };
    },
  );
  for (const change of ["cancel", "retry"] as const) {
    app.post(
      `/v1/jobs/:id/${change}`,
      { schema: { summary: `${change === "cancel" ? "Stop" : "Try"} a load`, tags, params: byId } },
      async ({ params: { id } }) => {
        await jobs.get(id);
        return viewOf(await queue.change(id, change));
      },
    );
  }
  app.delete(
    "/v1/jobs/:id",
    { schema: { summary: "Forget a finished load and its outputs", tags, params: byId } },
    async ({ params: { id } }, reply) => {
      await jobs.get(id);
      await removeJob(id, services);
      return await reply.code(204).send();
    },
  );
  app.get(
    "/v1/jobs/:id/outputs/:name",
    {
      schema: {
        ...{ summary: "Download an output; Range is known", tags },
        params: z.object({ id: z.string(), name: z.string() }),
      },
    },
    async ({ params: { id, name }, headers }, reply) => {
      const { outputs } = await jobs.get(id);
      // Only what the job itself lists: a name from outside is never a key.
      if (!outputs.some((output) => output.name === name)) {
        throw new MillraceError("NOT_FOUND", `Job ${id} has no output ${name}.`);
      }
      return await sendObject(reply, headers, services.objects, outputKey(id, name), name);
    },
  );
}
