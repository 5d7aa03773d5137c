import { MillraceError } from "@millrace/core";
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { deleteArray } from "../delete-array.ts";
import type { EventStream } from "../event-stream.ts";
import { outputKey } from "../load/load-into-files.ts";
import { removeJob, removeOutputs } from "../remove-job.ts";
import { receiveForm } from "../routes/receive-form.ts";
import { sendObject } from "../send-object.ts";
import type { StorageServices } from "../services.ts";
import { megabytes, seedInterval, seedJob, seedOutput } from "./seed-views.ts";

const tags = ["seed"];
const byJob = z.object({ job_id: z.string() });
const bySerial = z.object({ sn: z.string() });
const MOST_JOBS = 1_000;

/**
 * The paths and fields of the application that this one takes the place of, for scripts that use them. Its bugs are
 * not kept: a name is no path, deleting all arrays deletes what was loaded here, and progress is progress.
 */
export async function seedRoutes(
  plain: FastifyInstance,
  services: StorageServices,
  events: EventStream,
): Promise<void> {
  const { jobs, arrays, queue, settings } = services;
  const app = plain.withTypeProvider<ZodTypeProvider>();

  app.post("/api/upload", { schema: { summary: "Upload a form", tags } }, async (request) => {
    const startedMs = performance.now();
    const job = await receiveForm(request, services);
    const seconds = Math.max(0.001, (performance.now() - startedMs) / 1000);
    return {
      job_id: job.id,
      serial_numbers: job.serials,
      target: job.target,
      upload_size: job.sizeBytes,
      upload_time: Math.round(seconds * 100) / 100,
      upload_speed: megabytes(job.sizeBytes / seconds),
      message: `${job.filename} was received; the load begins.`,
    };
  });
  app.get(
    "/api/upload/progress/:job_id",
    { schema: { summary: "Of a finished upload", tags, params: byJob } },
    async ({ params: { job_id: id } }) => {
      const { sizeBytes } = await jobs.get(id);
      return { uploaded: sizeBytes, total: sizeBytes, speed: 0, status: "complete" };
    },
  );
  app.get(
    "/api/status/:job_id",
    { schema: { summary: "One job", tags, params: byJob } },
    async ({ params: { job_id: id } }) => {
      const job = await jobs.get(id);
      const { lines } = await queue.logs(id, { limit: MOST_JOBS });
      return seedJob(job, settings, lines.at(-1)?.text);
    },
  );
  app.get("/api/jobs", { schema: { summary: "All jobs", tags } }, async () => {
    const { jobs: found } = await jobs.list({ limit: MOST_JOBS });
    return { jobs: found.map((job) => seedJob(job, settings)), total: found.length };
  });
  app.delete(
    "/api/job/:job_id",
    { schema: { summary: "Forget a job and its files", tags, params: byJob } },
    async ({ params: { job_id: id } }) => {
      const { outputs } = await jobs.get(id);
      await removeJob(id, services);
      return { message: `Job ${id} was deleted.`, deleted_count: outputs.length };
    },
  );

  app.get("/api/arrays", { schema: { summary: "Serial numbers", tags } }, async () => {
    const found = await arrays.list();
    return {
      arrays: found.map(({ serial }) => serial),
      arrays_metadata: found.map(({ serial, intervalSeconds, timeRangeMs: [from, to] }) => ({
        sn: serial,
        scrape_interval: seedInterval(intervalSeconds),
        time_from: from,
        time_to: to,
      })),
      total: found.length,
    };
  });
  app.get(
    "/api/array/:sn/timerange",
    { schema: { summary: "First and last sample", tags, params: bySerial } },
    async ({ params: { sn } }) => {
      const { timeRangeMs } = await arrays.get(sn);
      return { sn, time_from: timeRangeMs[0], time_to: timeRangeMs[1] };
    },
  );
  app.delete(
    "/api/arrays/:sn",
    { schema: { summary: "Delete an array", tags, params: bySerial } },
    async ({ params: { sn } }) => {
      await deleteArray(sn, services);
      events.arraysChanged();
      return { message: `Array ${sn} was deleted.`, deleted_count: 1 };
    },
  );
  app.delete("/api/arrays", { schema: { summary: "Delete all arrays", tags } }, async () => {
    const found = await arrays.list();
    for (const { serial } of found) await deleteArray(serial, services);
    events.arraysChanged();
    return { message: `${found.length} arrays were deleted.`, deleted_count: found.length };
  });

  app.get("/api/csv-jobs", { schema: { summary: "Jobs with files", tags } }, async () => {
    const { jobs: found } = await jobs.list({ limit: MOST_JOBS });
    const made = found.filter(({ target }) => target !== "grafana");
    return {
      csv_jobs: made.map((job) => ({
        ...seedJob(job, settings),
        target_label: job.target,
        total_files: job.outputs.length,
        total_size_mb: megabytes(sizeOf(job.outputs)),
      })),
      total: made.length,
    };
  });
  app.get(
    "/api/files/:job_id",
    { schema: { summary: "Files of a job", tags, params: byJob } },
    async ({ params: { job_id: id } }) => {
      const job = await jobs.get(id);
      const size = sizeOf(job.outputs);
      return {
        files: job.outputs.map((output) => seedOutput(job, output)),
        total: job.outputs.length,
        total_size: size,
        total_size_mb: megabytes(size),
      };
    },
  );
  app.get(
    "/api/file/:job_id/:filename",
    {
      schema: {
        ...{ summary: "Download; Range is known", tags },
        params: z.object({ job_id: z.string(), filename: z.string() }),
      },
    },
    async ({ params: { job_id: id, filename }, headers }, reply) => {
      const { outputs } = await jobs.get(id);
      if (!outputs.some(({ name }) => name === filename)) {
        throw new MillraceError("NOT_FOUND", `Job ${id} has no file ${filename}.`);
      }
      const key = outputKey(id, filename);
      return await sendObject(reply, headers, services.objects, key, filename);
    },
  );
  app.delete(
    "/api/files/:job_id",
    { schema: { summary: "Delete the files of a job", tags, params: byJob } },
    async ({ params: { job_id: id } }) => {
      await jobs.get(id);
      const deleted = await removeOutputs(id, services.objects);
      return { message: `${deleted} files were deleted.`, deleted_count: deleted };
    },
  );
}

function sizeOf(outputs: readonly { readonly sizeBytes: number }[]): number {
  return outputs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
