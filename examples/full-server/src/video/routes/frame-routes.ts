import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { answerFrame, type FrameAt, type FrameQuestion, frameNumber } from "../answer-frame.ts";
import { callerSignal } from "../caller-signal.ts";
import { frameHeaders } from "../frame-headers.ts";
import type { VideoServices } from "../video-services.ts";
import { byId, given, look, rule } from "./parameters.ts";

const tags = ["videos"];
const MOST_THUMBNAILS = 100;

/** Frames as pictures. */
export async function frameRoutes(plain: FastifyInstance, services: VideoServices): Promise<void> {
  const { shelf } = services;
  const app = plain.withTypeProvider<ZodTypeProvider>();
  // Whoever moves a slider asks for many of them.
  const config = { rateLimit: { max: services.settings.rateLimit * 10 } };

  const send = async (
    request: FastifyRequest,
    reply: FastifyReply,
    id: string,
    question: FrameQuestion,
  ): Promise<FastifyReply> => {
    const signal = callerSignal(reply);
    return await shelf.use(id, async (open) => {
      const etag = etagOf(open.kept.sha256, open.video.info.frameCount, {
        ...question,
        at: { index: frameNumber(open, question.at) },
      });
      reply.header("etag", etag);
      // It may get other bytes under the same id, so it is asked for each time, and decoded only if it changed.
      reply.header("cache-control", "private, no-cache");
      if (request.headers["if-none-match"] === etag) return await reply.code(304).send();
      const { still, found, timing } = await answerFrame(services, open, question, signal);
      reply.headers(frameHeaders(still, found, timing));
      return await reply.type(still.image.type).send(still.image.data);
    });
  };

  app.get(
    "/v1/videos/:id/frames/:frame",
    {
      config,
      schema: {
        ...{ summary: "One frame by number, as .jpg or .png", tags },
        params: byId.extend({ frame: z.string().regex(/^\d{1,9}(?:\.(?:jpg|png))?$/) }),
        querystring: z.object(look),
      },
    },
    async (request, reply) => {
      const { id, frame } = request.params;
      const [number, ending] = frame.split(".");
      const at = { index: Number(number) };
      const as = ending === "png" ? "png" : "jpeg";
      return await send(request, reply, id, { at, as, ...given(request.query) });
    },
  );
  app.get(
    "/v1/videos/:id/frames",
    {
      config,
      schema: {
        ...{ summary: "The frame at a time in seconds of the track's clock", tags },
        params: byId,
        querystring: z.object({
          t: z.coerce.number(),
          rule,
          as: z.enum(["jpeg", "png"]).default("jpeg"),
          ...look,
        }),
      },
    },
    async (request, reply) => {
      const { t, rule: wanted, ...rest } = request.query;
      const at = { seconds: t, rule: wanted };
      return await send(request, reply, request.params.id, { at, ...given(rest) });
    },
  );
  app.get(
    "/v1/videos/:id/thumbnails",
    {
      schema: {
        ...{ summary: "Small pictures of key frames, spread over the video", tags },
        params: byId,
        querystring: z.object({
          count: z.coerce.number().int().min(1).max(MOST_THUMBNAILS).default(12),
          width: z.coerce.number().int().min(16).max(640).default(160),
        }),
      },
    },
    async ({ params: { id }, query: { count, width } }, reply) => {
      const signal = callerSignal(reply);
      return await shelf.use(id, async ({ video }) => {
        const stills = await video.thumbnails(count, { width, signal });
        return {
          thumbnails: stills.flatMap(({ index, time, image }) =>
            image === undefined
              ? []
              : [
                  {
                    ...{ index, time, width: image.width, height: image.height },
                    image: `data:${image.type};base64,${Buffer.from(image.data).toString("base64")}`,
                  },
                ],
          ),
        };
      });
    },
  );
}

function etagOf(
  sha256: string,
  frameCount: number,
  { at, ...rest }: FrameQuestion & { readonly at: FrameAt },
): string {
  const told = [frameCount, ...Object.values(at), rest.as, rest.quality, rest.width, rest.height];
  const roi = rest.roi === undefined ? "" : Object.values(rest.roi).join(".");
  return `"${sha256.slice(0, 16)}-${[...told, roi, rest.inference].join("-")}"`;
}
