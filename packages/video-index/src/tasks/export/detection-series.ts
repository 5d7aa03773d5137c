import {
  type Labels,
  MillraceError,
  type SeriesBatch,
  type Source,
  seriesBatch,
} from "@millrace/core";
import type { Counts } from "../count/counter.ts";
import type { Detections } from "../detect/detections.ts";
import type { TaskItem } from "../run/task-item.ts";
import { type CountSample, countSamples } from "./count-samples.ts";

/** What {@link detectionSeries} takes. */
export interface DetectionSeriesOptions {
  /**
   * Starts a pass over the results: of `detect`, `segment`, `track` or `count`. Called once for each time that the
   * source is opened.
   */
  readonly items: (signal: AbortSignal) => AsyncIterable<TaskItem<Detections | Counts>>;
  /** Value of the label `video`. */
  readonly video: string;
  /** When the video's clock shows 0: Unix milliseconds. */
  readonly startMs: number;
  /** Put on every series besides. @defaultValue none */
  readonly labels?: Labels;
  /** Milliseconds from one sample to the next, at least: of the frames between, the last one counts. @defaultValue 0 */
  readonly intervalMs?: number;
  /** Frames that are put together. @defaultValue 256 */
  readonly batchFrames?: number;
}

/** The samples of one time. */
interface Row {
  readonly timeMs: number;
  readonly samples: ReadonlyMap<number, number>;
}

const BATCH_FRAMES = 256;

/**
 * Counts over time as a source of series, for any sink of metrics.
 *
 * A series begins with the batch in which its class is first seen, at 0; from then on it has a sample for every
 * frame. A frame that failed has none. What the series are called is in {@link countSamples}.
 *
 * @example
 * ```ts
 * import { eachSeries, pipeline } from "@millrace/core";
 * import { type Detections, detectionSeries, type TaskItem } from "@millrace/video-index/tasks";
 *
 * async function* items(): AsyncGenerator<TaskItem<Detections>> {
 *   const one = { count: 1, boxes: Float32Array.of(0, 0, 9, 9), scores: Float32Array.of(0.9) };
 *   const result = { ...one, classIds: Int32Array.of(0), classNames: ["person"] };
 *   yield { index: 0, pts: 0, time: 0, status: "ok", result };
 *   yield { index: 1, pts: 1, time: 0.5, status: "ok", result };
 * }
 * const source = detectionSeries({ items, video: "door", startMs: Date.UTC(2026, 0, 1) });
 * for await (const batch of pipeline(source)) {
 *   for (const { labels, values } of eachSeries(batch)) console.log(labels, values);
 * }
 * ```
 */
export function detectionSeries(options: DetectionSeriesOptions): Source<SeriesBatch> {
  const { video, startMs, intervalMs = 0, batchFrames = BATCH_FRAMES } = options;
  if (!Number.isFinite(startMs) || !(batchFrames >= 1) || !(intervalMs >= 0)) {
    throw new MillraceError(
      "INVALID_OPTION",
      `detectionSeries: startMs must be a number, batchFrames 1 or more and intervalMs 0 or more; they are ${startMs}, ${batchFrames} and ${intervalMs}.`,
    );
  }
  return {
    apiVersion: 1,
    name: "detections",
    async *open({ signal }) {
      const table = seriesTable(video, options.labels ?? {});
      let rows: Row[] = [];
      const flush = function* (): Generator<SeriesBatch> {
        if (rows.length > 0 && table.size() > 0) yield table.batch(rows);
        rows = [];
      };
      for await (const item of options.items(signal)) {
        signal.throwIfAborted();
        item.frame?.close();
        if (item.status === "error") continue;
        const timeMs = Math.round(startMs + item.time * 1000);
        const last = rows.at(-1);
        const row = { timeMs, samples: table.numbered(countSamples(item.result)) };
        // Times rise within a batch, and the last frame of an interval stands for it.
        if (last !== undefined && sameInterval(last.timeMs, timeMs, intervalMs)) rows.pop();
        else if (rows.length >= batchFrames || (last?.timeMs ?? timeMs) > timeMs) yield* flush();
        rows.push(row);
      }
      yield* flush();
    },
  };
}

function sameInterval(a: number, b: number, intervalMs: number): boolean {
  return a === b || (intervalMs > 0 && Math.floor(a / intervalMs) === Math.floor(b / intervalMs));
}

/** The series of one pass, in the order in which they were first seen. */
function seriesTable(
  video: string,
  extra: Labels,
): {
  size(): number;
  numbered(samples: readonly CountSample[]): ReadonlyMap<number, number>;
  batch(rows: readonly Row[]): SeriesBatch;
} {
  const numbers = new Map<string, number>();
  const labels: Labels[] = [];
  let table = { id: "", labels: labels as readonly Labels[] };
  return {
    size: () => labels.length,
    numbered(samples) {
      const row = new Map<number, number>();
      for (const sample of samples) {
        const key = JSON.stringify(sample.labels);
        let series = numbers.get(key);
        if (series === undefined) {
          series = labels.length;
          numbers.set(key, series);
          labels.push({ ...extra, video, ...sample.labels });
        }
        row.set(series, sample.value);
      }
      return row;
    },
    batch(rows) {
      // A table never changes once it was given away; it grows into another one.
      if (table.labels.length !== labels.length || table.id === "") {
        table = {
          id: `video ${JSON.stringify([extra, video, ...numbers.keys()])}`,
          labels: [...labels],
        };
      }
      const values = new Float64Array(labels.length * rows.length);
      rows.forEach(({ samples }, at) => {
        for (const [series, value] of samples) values[series * rows.length + at] = value;
      });
      return seriesBatch({
        table,
        firstSeries: 0,
        seriesCount: labels.length,
        grid: { timesMs: Float64Array.from(rows, ({ timeMs }) => timeMs) },
        values,
        origins: [{ origin: video, count: values.length, firstRow: 0, rowCount: rows.length }],
      });
    },
  };
}
