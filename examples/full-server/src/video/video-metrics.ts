import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** A distribution, as it is told in statistics. */
export interface Distribution {
  readonly count: number;
  readonly mean: number;
  /** Values up to each bound, as Prometheus counts them; the last one has none. */
  readonly buckets: readonly { readonly upTo: number | null; readonly count: number }[];
}

/** Everything that is counted of videos, once: `/metrics` and the statistics say the same. */
export interface VideoMetrics {
  /** A frame was answered. */
  frame(facts: {
    readonly hit: boolean;
    readonly decodeMs: number;
    readonly encodeMs: number;
  }): void;
  /** A batch went through the model. */
  batch(size: number, computeMs: number): void;
  read(): Promise<VideoCounts>;
}

/** What was counted since the server started. */
export interface VideoCounts {
  readonly hits: number;
  readonly misses: number;
  /** Seconds; of frames that were not in the cache. */
  readonly decodeSeconds: Distribution;
  /** Seconds; of pictures that were made. */
  readonly encodeSeconds: Distribution;
  /** Seconds, by batch. */
  readonly inferenceSeconds: Distribution;
  readonly batchSize: Distribution;
}

/** What is looked up when somebody asks for the figures. */
export interface VideoGauges {
  readonly cacheBytes: () => number;
  readonly videos: () => number;
}

const SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];
const SIZES = [1, 2, 4, 8, 16, 32];

/** Adds the figures of videos to those of the process. */
export function videoMetrics(register: Registry, gauges: VideoGauges): VideoMetrics {
  const registers = [register];
  const frames = new Counter({
    name: "millrace_video_frames_total",
    help: "Frames that were answered, by whether they were in the cache.",
    labelNames: ["cache"],
    registers,
  });
  const histogram = (name: string, help: string, buckets: number[]): Histogram =>
    new Histogram({ name: `millrace_video_${name}`, help, buckets, registers });
  const decode = histogram("decode_seconds", "Time until a frame was decoded.", SECONDS);
  const encode = histogram("encode_seconds", "Time to make a picture of a frame.", SECONDS);
  const inference = histogram("inference_seconds", "Time of a batch in the model.", SECONDS);
  const batch = histogram("batch_size", "Frames in a batch.", SIZES);
  for (const [name, help, value] of [
    ["cache_bytes", "Bytes of frames and pictures in the cache.", gauges.cacheBytes],
    ["videos", "Videos that are kept.", gauges.videos],
  ] as const) {
    new Gauge({
      name: `millrace_video_${name}`,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  }
  for (const cache of ["hit", "miss"]) frames.inc({ cache }, 0);
  return {
    frame({ hit, decodeMs, encodeMs }) {
      frames.inc({ cache: hit ? "hit" : "miss" });
      if (!hit) decode.observe(decodeMs / 1000);
      if (encodeMs > 0) encode.observe(encodeMs / 1000);
    },
    batch(size, computeMs) {
      batch.observe(size);
      inference.observe(computeMs / 1000);
    },
    async read() {
      const { values } = await frames.get();
      const of = (cache: string): number =>
        values.find(({ labels }) => labels["cache"] === cache)?.value ?? 0;
      return {
        hits: of("hit"),
        misses: of("miss"),
        decodeSeconds: await distribution(decode),
        encodeSeconds: await distribution(encode),
        inferenceSeconds: await distribution(inference),
        batchSize: await distribution(batch),
      };
    },
  };
}

async function distribution(histogram: Histogram): Promise<Distribution> {
  const { values } = await histogram.get();
  const of = (ending: string): number =>
    values.find(({ metricName }) => metricName?.endsWith(ending) === true)?.value ?? 0;
  const count = of("_count");
  const buckets = values
    .filter(({ labels }) => "le" in labels)
    .map(({ labels: { le }, value }) => ({
      upTo: le === "+Inf" ? null : Number(le),
      count: value,
    }));
  return { count, mean: count === 0 ? 0 : of("_sum") / count, buckets };
}
