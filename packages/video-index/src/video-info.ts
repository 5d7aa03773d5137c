import { ticksToSeconds } from "@millrace/media";
import { framePts, type VideoIndex } from "./index/video-index.ts";
import type { VideoInfo } from "./video.ts";

/** What a video is, from its index. */
export function videoInfo(name: string, index: VideoIndex, warnings: readonly string[]): VideoInfo {
  const { track, frameCount, duration, keys } = index;
  const [config] = track.configs;
  const turned = track.rotation === 90 || track.rotation === 270;
  return {
    name,
    container: track.container,
    codec: config?.family ?? "h264",
    codecString: config?.codec ?? "",
    codedWidth: config?.codedWidth ?? 0,
    codedHeight: config?.codedHeight ?? 0,
    displayWidth: turned ? track.displayHeight : track.displayWidth,
    displayHeight: turned ? track.displayWidth : track.displayHeight,
    rotation: track.rotation,
    frameCount,
    keyFrameCount: keys.length,
    fps: duration > 0 ? frameCount / duration : 0,
    duration,
    startTime: frameCount > 0 ? ticksToSeconds(framePts(index, 0), track.timeBase) : 0,
    warnings,
  };
}
