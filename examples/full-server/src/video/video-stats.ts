import type { VideoServices } from "./video-services.ts";

/** What was done since the server started, and what is there now. */
export async function videoStats({ shelf, library, found, metrics, requests }: VideoServices) {
  const counts = await metrics.read();
  const { hits, misses } = counts;
  const answered = hits + misses;
  const { entries, sizeBytes, maxBytes, evictions } = library.cache;
  return {
    videos: { kept: shelf.list().length, open: shelf.openCount },
    requests: requests.all,
    frames: { answered, hits, misses, hitRate: answered === 0 ? 0 : hits / answered },
    decodedPackets: shelf.decodedPackets,
    decodeSeconds: counts.decodeSeconds,
    encodeSeconds: counts.encodeSeconds,
    cache: { entries, sizeBytes, maxBytes, evictions },
    inference: inferenceStats(found, counts),
  };
}

type Counts = Awaited<ReturnType<VideoServices["metrics"]["read"]>>;

/** Null where there is no model. */
function inferenceStats({ detector, rememberedCount }: VideoServices["found"], counts: Counts) {
  if (detector === undefined) return null;
  const { model, device, inputWidth, inputHeight } = detector;
  const stats = detector.stats();
  return {
    ...{ model, device, inputWidth, inputHeight, remembered: rememberedCount },
    frames: stats.inferenceCount,
    batches: stats.executionCount,
    meanBatchSize: stats.executionCount === 0 ? 0 : stats.inferenceCount / stats.executionCount,
    waiting: stats.pendingCount,
    running: stats.runningCount,
    cancelled: stats.cancelCount,
    failed: stats.failureCount,
    batchSize: counts.batchSize,
    batchSeconds: counts.inferenceSeconds,
  };
}
