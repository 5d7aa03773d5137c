import { createReadStream } from "node:fs";
import { join } from "node:path";
import { encodeIndex } from "@millrace/video-index";
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { encodedName, sendBytes } from "../../send-bytes.ts";
import { serverFolders } from "../../storage/server-folders.ts";
import { callerSignal } from "../caller-signal.ts";
import { receiveVideo } from "../receive-video.ts";
import type { VideoServices } from "../video-services.ts";
import { videoStats } from "../video-stats.ts";
import { videoView } from "../video-views.ts";
import { byId } from "./parameters.ts";

const tags = ["videos"];
/** By container; a browser plays what it knows. */
const TYPES: Readonly<Record<string, string>> = {
  mp4: "video/mp4",
  matroska: "video/matroska",
  webm: "video/webm",
  mpegts: "video/mp2t",
  avi: "video/x-msvideo",
};

/** Videos: what there is, uploads, files, indexes. */
export async function videoRoutes(plain: FastifyInstance, services: VideoServices): Promise<void> {
  const { shelf, settings } = services;
  const app = plain.withTypeProvider<ZodTypeProvider>();
  app.get(
    "/v1/videos",
    { schema: { summary: "Videos, the one uploaded last first", tags } },
    async () => ({
      videos: shelf.list().map((kept) => videoView(kept, shelf.infoOf(kept))),
      maxVideoBytes: settings.maxVideoBytes,
      hasModel: services.found.detector !== undefined,
    }),
  );
  app.post(
    "/v1/videos",
    { schema: { summary: "Upload a video as a form: id, then file", tags } },
    async (request, reply) => {
      const { video, outcome } = await receiveVideo(request, services, callerSignal(reply));
      reply.code(outcome === "new" ? 201 : 200);
      return { video: videoView(video, shelf.infoOf(video)), outcome };
    },
  );
  app.get(
    "/v1/videos/:id",
    { schema: { summary: "One video", tags, params: byId } },
    async ({ params: { id } }) => {
      const kept = shelf.get(id);
      return videoView(kept, shelf.infoOf(kept));
    },
  );
  app.delete(
    "/v1/videos/:id",
    { schema: { summary: "Delete a video and its file", tags, params: byId } },
    async ({ params: { id } }, reply) => {
      await shelf.remove(id);
      return await reply.code(204).send();
    },
  );
  app.get(
    "/v1/videos/:id/file",
    { schema: { summary: "The file; Range is known", tags, params: byId } },
    async ({ params: { id }, headers }, reply) => {
      const { file, name, sizeBytes, sha256, info } = shelf.get(id);
      const path = join(serverFolders(settings.dataFolder).videos, id, file);
      return await sendBytes(reply, headers, {
        sizeBytes,
        etag: sha256,
        type: TYPES[info.container] ?? "application/octet-stream",
        disposition: `inline; ${encodedName(name)}`,
        read: ({ offset, length }) =>
          createReadStream(path, { start: offset, end: Math.max(offset, offset + length - 1) }),
      });
    },
  );
  app.get(
    "/v1/videos/:id/index",
    { schema: { summary: "Its index, as @millrace/video-index reads it", tags, params: byId } },
    async ({ params: { id } }, reply) =>
      await shelf.use(id, async ({ video, kept }) => {
        const { index, info } = video;
        const bytes = encodeIndex({
          index,
          warnings: info.warnings,
          fingerprint: kept.fingerprint,
        });
        return await reply.type("application/octet-stream").send(bytes);
      }),
  );
  app.get(
    "/v1/video/stats",
    { schema: { summary: "Cache, decoding and inference since the server started", tags } },
    async () => await videoStats(services),
  );
}
