import { MillraceError } from "@millrace/core";
import type { VideoInfo } from "@millrace/video-index";
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { flag, given, quality } from "../../video/routes/parameters.ts";
import { handOver } from "../hand-over.ts";
import { needTransport } from "../need-transport.ts";
import type { OpenStream } from "../stream-shelf.ts";
import { type StreamingServices, webrtcViewers } from "../streaming-services.ts";

const tags = ["seed"];
const framerate = z.coerce.number().min(1).max(60);
const size = z.coerce.number().int().min(16).max(3_840);

/** In a query all is text. */
const config = z.object({
  video_id: z.string().optional(),
  fps: framerate.optional(),
  width: size.optional(),
  height: size.optional(),
  inference_enabled: z
    .union([z.boolean(), z.string().regex(/^(?:true|false|1|0)$/i, "give true or false")])
    .transform((value) => value === true || /^(?:true|1)$/i.test(String(value)))
    .optional(),
  bitrate: z.coerce.number().int().positive().optional(),
  quality: z.coerce.number().int().min(1).max(100).optional(),
});
type Config = z.output<typeof config>;
/** As of the streams of `/v1`. */
const LEAST_ROWS = 72;
const DEFAULTS = { fps: 30, width: 1280, height: 720, inference_enabled: false };

/**
 * The stream of the GPU video API, and the paths of its WebRTC server. Signalling is WHEP or one offer as JSON, at the
 * addresses that the answers name.
 */
export async function seedStreamRoutes(
  plain: FastifyInstance,
  services: StreamingServices,
): Promise<void> {
  const { streams, transports, videos } = services;
  const app = plain.withTypeProvider<ZodTypeProvider>();
  const hasModel = videos.found.detector !== undefined;

  app.get(
    "/api/gpu/video/:video_id/stream",
    {
      schema: {
        ...{ summary: "The video as multipart/x-mixed-replace, over and over", tags },
        params: z.object({ video_id: z.string() }),
        querystring: z.object({ fps: framerate.default(30), inference: flag, quality }),
      },
    },
    async (request, reply) => {
      const { fps, inference } = request.query;
      const { stream } = await streams.open({
        source: "video",
        video: request.params.video_id,
        fps,
        // A client that asks for inference everywhere gets its pictures without a model, too.
        inference: inference && hasModel,
      });
      reply.header("x-gpu-stream", videos.found.detector?.device.gpu ? "enabled" : "disabled");
      await handOver(request, reply, stream.publications.mjpeg, "");
      return reply;
    },
  );

  const start = async (body: Config | null | undefined, query: Config) => {
    const { bitrate, quality, ...wanted } = { ...DEFAULTS, ...given(query), ...given(body ?? {}) };
    const video = needVideo(wanted);
    // Before anything is opened for nobody.
    const size = sizeWithin(videos.shelf.infoOf(videos.shelf.get(video)), wanted);
    const { fps } = wanted;
    const inference = wanted.inference_enabled && hasModel;
    const { stream } = await streams.open({
      ...{ source: "video", video, fps, inference, height: size.height },
    });
    needTransport(stream, "webrtc", transports);
    // What is, and not what was asked for.
    const config = { video_id: video, fps, ...size, inference_enabled: inference };
    return { config, ignored: Object.keys(given({ bitrate, quality })), stream };
  };
  const schema = { tags, body: config.nullish(), querystring: config };
  app.post(
    "/api/webrtc/start",
    { schema: { summary: "Open a video for WebRTC; fields in the body or the query", ...schema } },
    async ({ body, query }) => {
      const { config, ignored, stream } = await start(body, query);
      return {
        status: "success",
        message: `Video ${config.video_id} can be watched at webrtc_url.`,
        webrtc_url: pageOf(stream.spec),
        ...addresses(stream),
        ...{ config, ignored },
        low_latency: true,
        gpu_accelerated: videos.found.detector?.device.gpu ?? false,
      };
    },
  );
  app.post(
    "/api/webrtc/stream/start",
    { schema: { summary: "The same, as the WebRTC server had it", ...schema } },
    async ({ body, query }) => {
      const { config, ignored, stream } = await start(body, query);
      const message = `Video ${config.video_id} can be watched.`;
      return { status: "success", message, ...addresses(stream), config, ignored };
    },
  );
  app.post(
    "/api/webrtc/stream/stop",
    {
      schema: {
        ...{ summary: "End all streams of a video", tags },
        body: config.nullish(),
        querystring: config,
      },
    },
    async ({ body, query }) => {
      const id = needVideo({ ...given(query), ...given(body ?? {}) });
      const open = streams.list().filter(({ spec }) => isOf(spec, id));
      const peers = open.reduce((sum, stream) => sum + webrtcViewers(stream.stats), 0);
      await Promise.all(open.map((stream) => streams.close(stream.id)));
      return {
        status: "success",
        message: `${open.length} streams of ${id} were ended.`,
        peers_closed: peers,
      };
    },
  );
  app.get(
    "/api/webrtc/streams",
    { schema: { summary: "Videos that are streamed", tags } },
    async () => ({
      active_streams: [
        ...new Set(
          streams.list().flatMap(({ spec }) => (spec.source === "video" ? spec.video : [])),
        ),
      ],
      total_peers: streams.list().reduce((sum, stream) => sum + webrtcViewers(stream.stats), 0),
    }),
  );
}

function isOf(spec: OpenStream["spec"], video: string): boolean {
  return spec.source === "video" && spec.video === video;
}

/** The page with these wishes. */
function pageOf(spec: OpenStream["spec"]): string {
  const wishes = Object.entries(spec).map(([name, value]) => [name, String(value)]);
  return `/webrtc?${new URLSearchParams(Object.fromEntries(wishes))}`;
}

/** The largest size of a video that has its shape and lies within what is wanted; even, as encoders want it. */
function sizeWithin(
  { displayWidth, displayHeight, rotation }: VideoInfo,
  wanted: { readonly width: number; readonly height: number },
): { readonly width: number; readonly height: number } {
  const isTurned = rotation === 90 || rotation === 270;
  const [across, down] = isTurned ? [displayHeight, displayWidth] : [displayWidth, displayHeight];
  const rows = Math.min(down, wanted.height, (wanted.width * down) / across);
  const height = Math.max(LEAST_ROWS, 2 * Math.floor(rows / 2));
  return { width: Math.max(2, 2 * Math.round((height * across) / down / 2)), height };
}

/** Where an offer goes. */
function addresses({ id }: OpenStream) {
  const base = `/v1/streams/${encodeURIComponent(id)}`;
  return { stream_id: id, whep_url: `${base}/whep`, offer_url: `${base}/offer` };
}

function needVideo({ video_id: id }: Config): string {
  if (id !== undefined) return id;
  throw new MillraceError(
    "INVALID_OPTION",
    "video_id is missing: give it in the body or the query.",
  );
}
