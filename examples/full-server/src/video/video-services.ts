import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { createVideoLibrary, type VideoLibrary } from "@millrace/video-index";
import type { FastifyBaseLogger } from "fastify";
import type { Registry } from "prom-client";
import { serverFolders } from "../storage/server-folders.ts";
import { loadDetector } from "./detector.ts";
import { type FrameDetections, frameDetections } from "./frame-detections.ts";
import { sweepIndexes } from "./sweep-indexes.ts";
import { type VideoMetrics, videoMetrics } from "./video-metrics.ts";
import type { VideoSettings } from "./video-settings.ts";
import { openShelf, type VideoShelf } from "./video-shelf.ts";

/** What the routes of videos share. */
export interface VideoServices extends AsyncDisposable {
  readonly settings: VideoSettings;
  readonly library: VideoLibrary;
  readonly shelf: VideoShelf;
  readonly found: FrameDetections;
  readonly metrics: VideoMetrics;
  /** Requests since the start; counted by the routes. */
  readonly requests: { all: number; batches: number };
  /** Viewers over WebRTC, undefined where it is not there; said by what streams these videos. */
  readonly live: { webrtcViewers: () => number | undefined };
  /** A path for a file that comes in. */
  newPath(): string;
}

/** An upload that was broken off by a crash is deleted after so long; another process may be writing a younger one. */
const UNFINISHED_MS = 86_400_000;

/**
 * Opens everything that outlives a request.
 *
 * @throws MillraceError what loading the model says, when there is one
 */
export async function openVideoServices(
  settings: VideoSettings,
  register: Registry,
  log: FastifyBaseLogger,
): Promise<VideoServices> {
  const { dataFolder, videoCacheBytes, videoDecoders, videoModel, maxVideos } = settings;
  const folder = serverFolders(dataFolder).videos;
  const incoming = join(folder, ".incoming");
  const indexes = join(folder, ".indexes");
  await mkdir(incoming, { recursive: true });
  await clean(incoming);
  const library = createVideoLibrary({
    cacheBytes: videoCacheBytes,
    decoders: videoDecoders,
    indexFolder: indexes,
  });
  const shelf = await openShelf({ folder, dataFolder, library, maxVideos, log });
  await sweepIndexes(indexes, shelf.list());
  const metrics = videoMetrics(register, {
    cacheBytes: () => library.cache.sizeBytes,
    videos: () => shelf.list().length,
  });
  const detector =
    videoModel === undefined
      ? undefined
      : await loadDetector(videoModel, settings, () => library.scaler(), metrics.batch);
  return {
    settings,
    library,
    shelf,
    found: frameDetections(detector),
    metrics,
    requests: { all: 0, batches: 0 },
    live: { webrtcViewers: () => undefined },
    newPath: () => join(incoming, randomUUID()),
    async [Symbol.asyncDispose]() {
      await detector?.[Symbol.asyncDispose]();
      await shelf[Symbol.asyncDispose]();
      await library.close();
    },
  };
}

async function clean(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > UNFINISHED_MS) await rm(path, { force: true });
  }
}
