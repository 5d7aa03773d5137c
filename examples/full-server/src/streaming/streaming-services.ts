import { createAdmission } from "@millrace/streaming";
import type { FastifyBaseLogger } from "fastify";
import type { Registry } from "prom-client";
import type { VideoServices } from "../video/video-services.ts";
import { type Cameras, createCameras } from "./camera/camera-stream.ts";
import { openEncoders } from "./encoders.ts";
import { streamMetrics } from "./stream-metrics.ts";
import { createStreamShelf, type OpenStream, type StreamShelf } from "./stream-shelf.ts";
import type { StreamingSettings } from "./streaming-settings.ts";
import { createTransports, type TransportStates } from "./transports.ts";

/** What the routes of streams share. */
export interface StreamingServices extends AsyncDisposable {
  readonly settings: StreamingSettings;
  readonly videos: VideoServices;
  readonly streams: StreamShelf;
  readonly transports: TransportStates;
  readonly cameras: Pick<Cameras, "isOff">;
}

/** Opens everything that outlives a request. */
export async function openStreamingServices(
  settings: StreamingSettings,
  videos: VideoServices,
  register: Registry,
  log: FastifyBaseLogger,
): Promise<StreamingServices> {
  const cameras = createCameras(settings.cameraHosts);
  const encoders = await openEncoders(log);
  const admission = createAdmission({ maxViewers: settings.maxViewers });
  const transports = createTransports(settings, admission, encoders.missingVideo);
  const metrics = streamMetrics(register, () =>
    streams.list().map(({ id, hub }) => ({ id, hub: hub.stats() })),
  );
  const streams = createStreamShelf({
    ...{ settings, videos, encoders, cameras, transports, metrics, log },
  });
  videos.live.webrtcViewers = () =>
    transports.states.webrtc.available
      ? streams.list().reduce((sum, { stats }) => sum + webrtcViewers(stats), 0)
      : undefined;
  return {
    settings,
    videos,
    streams,
    transports: transports.states,
    cameras,
    async [Symbol.asyncDispose]() {
      await streams[Symbol.asyncDispose]();
      await encoders[Symbol.asyncDispose]();
    },
  };
}

/** Who watches a stream over WebRTC. */
export function webrtcViewers(stats: OpenStream["stats"]): number {
  return stats.get("webrtc")?.viewers.length ?? 0;
}
