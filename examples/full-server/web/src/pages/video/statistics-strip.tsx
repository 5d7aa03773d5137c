import { useEffect, useState } from "preact/hooks";
import { videoApi } from "../../api/video-client.ts";
import type { VideoStats } from "../../api/video-types.ts";
import { formatBytes, formatCount, formatShare } from "../../format/format-number.ts";

const EVERY_MS = 2_000;

/** What the server's cache and batches do, asked for every two seconds. */
export function StatisticsStrip() {
  const [stats, setStats] = useState<VideoStats>();
  useEffect(() => {
    const ending = new AbortController();
    const read = (): void => {
      if (document.hidden) return;
      // The header says when the server is away.
      videoApi.stats({ signal: ending.signal }).then(setStats, () => {});
    };
    read();
    const timer = setInterval(read, EVERY_MS);
    return () => {
      clearInterval(timer);
      ending.abort();
    };
  }, []);
  if (stats === undefined) return null;
  const { frames, cache, decodeSeconds, inference } = stats;
  return (
    <dl class="strip card" aria-label="Statistics of the server">
      <Figure name="Frames answered" value={formatCount(frames.answered)} />
      <Figure
        name="From the cache"
        value={frames.answered === 0 ? "–" : formatShare(frames.hits, frames.answered)}
      />
      <Figure
        name="Cache"
        value={`${formatBytes(cache.sizeBytes)} of ${formatBytes(cache.maxBytes)}`}
      />
      <Figure name="Mean decoding" value={millisecondsOf(decodeSeconds)} />
      {inference === null ? (
        <Figure name="Model" value="none" />
      ) : (
        <>
          <Figure name={`Model on ${inference.device.kind}`} value={inference.model} />
          <Figure name="Mean batch" value={formatMean(inference.meanBatchSize)} />
          <Figure name="Mean inference" value={millisecondsOf(inference.batchSeconds)} />
        </>
      )}
    </dl>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function millisecondsOf({ count, mean }: VideoStats["decodeSeconds"]): string {
  return count === 0 ? "–" : `${(mean * 1000).toFixed(1)} ms`;
}

function formatMean(size: number): string {
  return size === 0 ? "–" : `${size.toFixed(1)} frames`;
}
