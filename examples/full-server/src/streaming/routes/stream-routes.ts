import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { streamSpec } from "../stream-spec.ts";
import { streamView } from "../stream-views.ts";
import type { StreamingServices } from "../streaming-services.ts";

const tags = ["streams"];
const byId = z.object({ id: z.string() });

/** Streams: what is open, opening, ending. */
export async function streamRoutes(
  plain: FastifyInstance,
  { streams, transports, videos, cameras, settings }: StreamingServices,
): Promise<void> {
  const app = plain.withTypeProvider<ZodTypeProvider>();
  app.get(
    "/v1/streams",
    { schema: { summary: "Streams that are open, and transports that can be used", tags } },
    async () => ({
      streams: streams.list().map(streamView),
      transports,
      hasModel: videos.found.detector !== undefined,
      hasCameras: !cameras.isOff,
      maxStreams: settings.maxStreams,
    }),
  );
  app.post(
    "/v1/streams",
    {
      schema: { summary: "Open a stream; equal wishes are one stream", tags, body: streamSpec },
    },
    async ({ body }, reply) => {
      const { stream, isNew } = await streams.open(body);
      reply.code(isNew ? 201 : 200);
      reply.header("location", `/v1/streams/${encodeURIComponent(stream.id)}`);
      return streamView(stream);
    },
  );
  app.get(
    "/v1/streams/:id",
    { schema: { summary: "One stream and its viewers", tags, params: byId } },
    async ({ params: { id } }) => streamView(streams.get(id)),
  );
  app.delete(
    "/v1/streams/:id",
    { schema: { summary: "End a stream; its viewers are sent away", tags, params: byId } },
    async ({ params: { id } }, reply) => {
      await streams.close(streams.get(id).id);
      return await reply.code(204).send();
    },
  );
}
