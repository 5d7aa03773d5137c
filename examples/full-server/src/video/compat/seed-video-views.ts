import type { VideoInfo } from "@millrace/video-index";
import type { FoundOrError } from "../find-many.ts";
import type { KeptVideo } from "../kept-video.ts";
import type { VideoServices } from "../video-services.ts";
import { videoStats } from "../video-stats.ts";

/** `0.125s`. */
export function seedSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)}s`;
}

/** Where the model runs; without one nothing runs on a GPU. */
export function seedDevice({ found }: VideoServices): {
  readonly gpu: boolean;
  readonly device: string;
} {
  const device = found.detector?.device;
  return { gpu: device?.gpu ?? false, device: device?.kind ?? "cpu" };
}

/** A video in the fields of its upload. */
export function seedUpload(kept: KeptVideo, info: VideoInfo, services: VideoServices) {
  const { gpu, device } = seedDevice(services);
  return {
    status: "success",
    id: kept.id,
    ...shapeOf(info),
    index_size: info.frameCount,
    index_time: seedSeconds(kept.indexMs),
    gpu_enabled: gpu,
    device,
  };
}

/** A video in the fields of `info`; where its file lies here concerns nobody. */
export function seedInfo(kept: KeptVideo, info: VideoInfo, services: VideoServices) {
  const { gpu, device } = seedDevice(services);
  return {
    id: kept.id,
    ...shapeOf(info),
    index_entries: info.frameCount,
    keyframes: info.keyFrameCount,
    cache_size: services.library.cache.entries,
    gpu_accelerated: gpu,
    device,
  };
}

function shapeOf({ fps, duration, frameCount, displayWidth, displayHeight }: VideoInfo) {
  return {
    fps,
    duration,
    total_frames: frameCount,
    resolution: `${displayWidth}x${displayHeight}`,
  };
}

/** What came of one time of a batch. */
export function seedResult(seconds: number, result: FoundOrError) {
  if ("error" in result) {
    const { code, message } = result.error;
    return { timestamp: seconds, error: `${code}: ${message}` };
  }
  const { index, time, detections, computeMs, batchSize } = result.found;
  return {
    timestamp: seconds,
    frame: index,
    frame_time: time,
    detections: detections.count,
    // Sorted: the first is the one that the model is most sure of.
    confidence: detections.scores[0] ?? 0,
    processing_time: batchSize === 0 ? 0 : computeMs / 1000 / batchSize,
  };
}

/** Statistics in the seed's fields; null is what nobody knows. */
export async function seedStats(services: VideoServices) {
  const { videos, requests, frames, cache, inference } = await videoStats(services);
  const { gpu, device } = seedDevice(services);
  const used = inference !== null && inference.frames > 0;
  return {
    api_stats: {
      total_requests: requests,
      gpu_requests: gpu && inference !== null ? inference.frames : 0,
      webrtc_sessions: services.live.webrtcViewers() ?? 0,
      batch_inferences: services.requests.batches,
      cache_hits: frames.hits,
    },
    gpu_processor: {
      frames_processed: frames.answered,
      cache_hit_rate: frames.hitRate,
      average_inference_time: used ? `${inference.batchSeconds.mean.toFixed(3)}s` : null,
      average_batch_size: used ? inference.meanBatchSize.toFixed(1) : null,
      active_videos: videos.open,
      total_indices: videos.kept,
      cache_size: cache.entries,
      batch_queue_size: inference?.waiting ?? 0,
      gpu_memory_used: null,
      gpu_utilization: null,
    },
    system_info: {
      gpu_available: gpu,
      gpu_device: device,
      batch_processing: inference !== null,
      frame_indexing: true,
      webrtc_enabled: services.live.webrtcViewers() !== undefined,
    },
  };
}
