import { MillraceError } from "@millrace/core";
import type { LiveStream } from "@millrace/media";
import { type CameraState, testPattern } from "@millrace/streaming";
import { playVideo } from "@millrace/video-index";
import type { FastifyBaseLogger } from "fastify";
import { needModel } from "../video/need-model.ts";
import type { VideoServices } from "../video/video-services.ts";
import type { Cameras } from "./camera/camera-stream.ts";
import { streamObjects } from "./stream-detections.ts";
import type { StreamSpec } from "./stream-spec.ts";

/** A live stream of what was wished for, and the end of what it holds. */
export interface StreamSource extends Disposable {
  readonly live: LiveStream;
  /** Pixels of its picture, as it is shown: what boxes are told in. */
  readonly width: number;
  readonly height: number;
  /** What it is, for people. */
  readonly title: string;
  /** How the camera is, where it is one. */
  camera?(): CameraState;
  /** Whether what it shows is still there. */
  isCurrent(): boolean;
}

/**
 * Opens what a stream shows.
 *
 * @throws MillraceError NOT_FOUND when there is no such video, MISSING_DEPENDENCY when inference is asked for and no
 *   model is set; and as {@link Cameras.open}
 */
export async function openSource(
  spec: StreamSpec,
  videos: Pick<VideoServices, "shelf" | "found">,
  cameras: Pick<Cameras, "open">,
  log: FastifyBaseLogger,
): Promise<StreamSource> {
  if (spec.source === "camera") return await cameras.open(spec);
  return spec.source === "pattern" ? pattern(spec) : await video(spec, videos, log);
}

function pattern({ fps, height }: StreamSpec & { readonly source: "pattern" }): StreamSource {
  const width = 2 * Math.round((height * 8) / 9);
  const live = testPattern({ width, height, framerate: fps, sound: true });
  return {
    live,
    width,
    height,
    title: "Test pattern",
    isCurrent: () => true,
    [Symbol.dispose]() {},
  };
}

async function video(
  spec: StreamSpec & { readonly source: "video" },
  { shelf, found }: Pick<VideoServices, "shelf" | "found">,
  log: FastifyBaseLogger,
): Promise<StreamSource> {
  if (spec.inference) needModel(found);
  return await shelf.use(spec.video, async (open) => {
    if (open.video.info.frameCount === 0) {
      throw new MillraceError("NOT_FOUND", `${open.kept.name} has no frame that could be shown.`);
    }
    const held = open.retain();
    const live = playVideo(open.video, {
      ...(spec.fps !== undefined && { fps: spec.fps }),
      ...(spec.inference && {
        // Pictures do not wait for it; whoever looks at a single frame goes first.
        detect: async ({ index }, signal) =>
          streamObjects(await found.find(open, index, { urgency: "batch", signal })),
        onError: (error) =>
          log.warn({ err: error, video: spec.video }, "a frame was not looked at"),
      }),
    });
    const { kept } = open;
    return {
      live,
      width: open.video.info.displayWidth,
      height: open.video.info.displayHeight,
      title: kept.name,
      isCurrent: () => shelf.list().includes(kept),
      [Symbol.dispose]: () => held[Symbol.dispose](),
    };
  });
}
