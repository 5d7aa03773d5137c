import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { answerFrame, type FrameAt } from "../answer-frame.ts";
import { callerSignal } from "../caller-signal.ts";
import { findMany } from "../find-many.ts";
import { serverTiming } from "../frame-headers.ts";
import { needModel } from "../need-model.ts";
import { receiveVideo } from "../receive-video.ts";
import { flag, quality } from "../routes/parameters.ts";
import type { VideoServices } from "../video-services.ts";
import type { OpenVideo } from "../video-shelf.ts";
import {
  seedDevice,
  seedInfo,
  seedResult,
  seedSeconds,
  seedStats,
  seedUpload,
} from "./seed-video-views.ts";

const tags = ["seed"];
const byVideo = z.object({ video_id: z.string() });
const MOST_TIMES = 1_000;

/**
 * The paths, fields and headers of the GPU video API that this one takes the place of. What they say is true of the
 * request that they answer, and times are those of the frames, not `t * fps`.
 */
export async function seedVideoRoutes(
  plain: FastifyInstance,
  services: VideoServices,
): Promise<void> {
  const { shelf, found, requests } = services;
  const app = plain.withTypeProvider<ZodTypeProvider>();
  const config = { rateLimit: { max: services.settings.rateLimit * 10 } };

  app.post(
    "/api/gpu/video/upload",
    { schema: { summary: "Upload a form: id, file", tags } },
    async (request, reply) => {
      const { video } = await receiveVideo(request, services, callerSignal(reply));
      return seedUpload(video, shelf.infoOf(video), services);
    },
  );
  app.get(
    "/api/gpu/video/:video_id/frame",
    {
      config,
      schema: {
        ...{ summary: "The frame at a time", tags, params: byVideo },
        querystring: z.object({
          t: z.coerce.number().default(0),
          inference: flag,
          quality,
          // Requests are always gathered into batches.
          batch_mode: flag,
        }),
      },
    },
    async ({ params: { video_id: id }, query }, reply) => {
      const signal = callerSignal(reply);
      return await shelf.use(id, async (open) => {
        // A client that asks for inference everywhere gets its pictures without a model, too.
        const inference = query.inference && found.detector !== undefined;
        const at = timeOf(open, query.t);
        const question = { at, as: "jpeg", quality: query.quality, inference } as const;
        const { still, found: seen, timing } = await answerFrame(services, open, question, signal);
        reply.headers({
          "server-timing": serverTiming(timing, inference),
          "x-processing-time": seedSeconds(timing.totalMs),
          "x-inference-time": seedSeconds(timing.inferMs),
          "x-encode-time": seedSeconds(timing.encodeMs),
          ...(seen && { "x-count": String(seen.detections.count) }),
          "x-gpu-enabled": seedDevice(services).gpu ? "True" : "False",
          "x-cache-status": timing.hit ? "HIT" : "MISS",
          "cache-control": "no-cache, no-store, must-revalidate",
        });
        return await reply.type(still.image.type).send(still.image.data);
      });
    },
  );
  app.post(
    "/api/gpu/video/:video_id/batch_inference",
    {
      config,
      schema: {
        ...{ summary: "What is in the frames at several times", tags, params: byVideo },
        body: z.array(z.number()).max(MOST_TIMES),
        querystring: z.object({ quality }),
      },
    },
    async ({ params: { video_id: id }, body: times }, reply) => {
      needModel(found);
      requests.batches += 1;
      const startedMs = performance.now();
      const signal = callerSignal(reply);
      return await shelf.use(id, async (open) => {
        const results: ReturnType<typeof seedResult>[] = [];
        const sizes: number[] = [];
        const wanted = times.map((seconds) => timeOf(open, seconds));
        for await (const result of findMany(services, open, wanted, signal)) {
          results.push(seedResult(times[results.length] as number, result));
          if ("found" in result) sizes.push(result.found.batchSize);
        }
        return {
          status: "success",
          processed_frames: sizes.length,
          results,
          processing_time: seedSeconds(performance.now() - startedMs),
          gpu_device: seedDevice(services).device,
          batch_size: Math.max(0, ...sizes),
        };
      });
    },
  );
  app.get(
    "/api/gpu/video/:video_id/info",
    { schema: { summary: "One video", tags, params: byVideo } },
    async ({ params: { video_id: id } }) => {
      const kept = shelf.get(id);
      return seedInfo(kept, shelf.infoOf(kept), services);
    },
  );
  app.delete(
    "/api/gpu/video/:video_id",
    { schema: { summary: "Delete a video and its file", tags, params: byVideo } },
    async ({ params: { video_id: id } }) => {
      await shelf.remove(id);
      return { status: "success", message: `Video ${id} was deleted.`, id };
    },
  );
  app.get(
    "/api/gpu/stats",
    { schema: { summary: "Statistics", tags } },
    async () => await seedStats(services),
  );
}

/** Seconds from the first frame, which need not be at 0 on the track's clock; behind the end there is none. */
function timeOf({ video }: OpenVideo, seconds: number): FrameAt {
  const { startTime, duration } = video.info;
  const rule = seconds > duration ? "at-or-after" : "at-or-before";
  return { seconds: seconds + startTime, rule };
}
