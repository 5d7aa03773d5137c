import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { handOver } from "../hand-over.ts";
import { needTransport } from "../need-transport.ts";
import type { StreamingServices } from "../streaming-services.ts";
import type { TransportName } from "../transports.ts";
import { takeUpgrade } from "../upgrades.ts";

const tags = ["streams"];
const byId = z.object({ id: z.string() });
const bySession = z.object({ id: z.string(), session: z.string() });

/** Where viewers come to. What they send is read by the transports. */
export async function transportRoutes(
  scope: FastifyInstance,
  { streams, transports }: StreamingServices,
): Promise<void> {
  scope.removeAllContentTypeParsers();
  // The body stays where it is: the transport reads it, and knows how long it may be.
  scope.addContentTypeParser("*", (_request, _body, done) => done(null));
  const app = scope.withTypeProvider<ZodTypeProvider>();

  const at = (
    method: "GET" | "POST" | "PATCH" | "DELETE",
    path: string,
    name: TransportName,
    summary: string,
  ): void => {
    app.route({
      method,
      url: `/v1/streams/:id${path}`,
      schema: { summary, tags, params: path.endsWith(":session") ? bySession : byId },
      async handler(request, reply) {
        const { id, session } = request.params as z.output<typeof byId> & { session?: string };
        const publication = needTransport(streams.get(id), name, transports);
        const place = path.replace(":session", session ?? "");
        await handOver(request, reply, publication, place === "/mjpeg" ? "" : place);
        return reply;
      },
    });
  };
  scope.get(
    "/v1/streams/:id/ws",
    {
      schema: {
        ...{ summary: "A WebSocket: frames, sound and data, acknowledged one by one", tags },
        params: byId,
      },
    },
    async (request, reply) => {
      const { id } = request.params as z.output<typeof byId>;
      const publication = needTransport(streams.get(id), "websocket", transports);
      const upgrade = takeUpgrade(request.raw, reply.raw);
      if (!upgrade) await handOver(request, reply, publication, "");
      else {
        reply.hijack();
        publication.upgrade?.(request.raw, upgrade.socket, upgrade.head);
      }
      return reply;
    },
  );
  at("GET", "/mjpeg", "mjpeg", "Pictures as multipart/x-mixed-replace, for an <img>");
  at("GET", "/snapshot.jpg", "mjpeg", "The newest picture");
  at("GET", "/audio.wav", "mjpeg", "The sound, as long as it is listened to");
  at("POST", "/whep", "webrtc", "WHEP: an offer as application/sdp, an answer");
  at("PATCH", "/whep/:session", "webrtc", "WHEP: candidates, or a restart of ICE");
  at("DELETE", "/whep/:session", "webrtc", "WHEP: the viewer leaves");
  at("POST", "/offer", "webrtc", 'An offer as JSON, {"type":"offer","sdp"}');
  at("DELETE", "/:session", "webrtc", "A viewer that came by offer leaves");
}
