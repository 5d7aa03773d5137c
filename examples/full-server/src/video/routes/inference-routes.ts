import { Readable } from "node:stream";
import { MillraceError } from "@millrace/core";
import { detectionLines } from "@millrace/video-index/tasks";
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { FrameAt } from "../answer-frame.ts";
import { callerSignal } from "../caller-signal.ts";
import { asItems, findMany } from "../find-many.ts";
import { needModel } from "../need-model.ts";
import type { VideoServices } from "../video-services.ts";
import { foundView } from "../video-views.ts";
import { byId, rule } from "./parameters.ts";

const tags = ["videos"];
const MOST_FRAMES = 1_000;
const frame = z.number().int().min(0);

/** What a model finds in frames. */
export async function inferenceRoutes(
  plain: FastifyInstance,
  services: VideoServices,
): Promise<void> {
  const { shelf, found, requests } = services;
  const app = plain.withTypeProvider<ZodTypeProvider>();
  const config = { rateLimit: { max: services.settings.rateLimit * 10 } };
  app.get(
    "/v1/videos/:id/frames/:frame/detections",
    {
      config,
      schema: {
        ...{ summary: "What the model finds in one frame", tags },
        params: byId.extend({ frame: z.coerce.number().int().min(0) }),
      },
    },
    async ({ params: { id, frame: index } }, reply) => {
      const signal = callerSignal(reply);
      return await shelf.use(id, async (open) =>
        foundView(await found.find(open, index, { urgency: "interactive", signal })),
      );
    },
  );
  app.post(
    "/v1/videos/:id/inference",
    {
      config,
      schema: {
        ...{ summary: "What the model finds in many frames, by numbers or times", tags },
        params: byId,
        body: z
          .strictObject({
            frames: z.array(frame).min(1).max(MOST_FRAMES).optional(),
            times: z.array(z.number()).min(1).max(MOST_FRAMES).optional(),
            rule,
          })
          .refine(({ frames, times }) => (frames === undefined) !== (times === undefined), {
            error: "give either frames or times",
          }),
      },
    },
    async ({ params: { id }, body }, reply) => {
      needModel(found);
      requests.batches += 1;
      const startedMs = performance.now();
      const signal = callerSignal(reply);
      const wanted: readonly FrameAt[] =
        body.frames?.map((index) => ({ index })) ??
        (body.times ?? []).map((seconds) => ({ seconds, rule: body.rule }));
      return await shelf.use(id, async (open) => {
        const results: object[] = [];
        for await (const { at, ...one } of findMany(services, open, wanted, signal)) {
          results.push(
            "found" in one
              ? foundView(one.found)
              : { ...at, error: { code: one.error.code, message: one.error.message } },
          );
        }
        const { displayWidth, displayHeight } = open.video.info;
        const totalMs = Math.round((performance.now() - startedMs) * 1000) / 1000;
        return { displayWidth, displayHeight, totalMs, results };
      });
    },
  );
  app.get(
    "/v1/videos/:id/detections.ndjson",
    {
      schema: {
        ...{ summary: "What the model finds in a range of frames, a line each", tags },
        params: byId,
        querystring: z.object({
          from: z.coerce.number().int().min(0).default(0),
          to: z.coerce.number().int().min(0).optional(),
          stride: z.coerce.number().int().min(1).default(1),
        }),
      },
    },
    async ({ params: { id }, query }, reply) => {
      needModel(found);
      const signal = callerSignal(reply);
      return await shelf.use(id, async (open) => {
        const { frameCount } = open.video.info;
        const { from, to = frameCount, stride } = query;
        if (from >= frameCount) {
          throw new MillraceError("NOT_FOUND", `from is ${from}; there are ${frameCount} frames.`);
        }
        const held = open.retain();
        async function* lines(): AsyncGenerator<string, void> {
          try {
            const wanted = framesOf(from, Math.min(to, frameCount), stride);
            yield* detectionLines(asItems(findMany(services, open, wanted, signal)));
          } finally {
            held[Symbol.dispose]();
          }
        }
        const body = Readable.from(lines());
        // A generator that nobody began has no end.
        body.once("close", () => held[Symbol.dispose]());
        return await reply.type("application/x-ndjson; charset=utf-8").send(body);
      });
    },
  );
}

function* framesOf(from: number, to: number, stride: number): Generator<FrameAt> {
  for (let index = from; index < to; index += stride) yield { index };
}
