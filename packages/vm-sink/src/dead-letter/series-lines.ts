import { type SeriesBatch, type Source, seriesBatch } from "@millrace/core";
import { type DeadLetterLine, readLines } from "./dead-letter.ts";

/**
 * Reads files of JSON lines, one series a line, as a dead-letter file and VictoriaMetrics' export hold
 * them. Each file is one origin.
 *
 * A line that is no series costs itself only and makes the file's outcome partial.
 *
 * @throws MillraceError NOT_FOUND when a file does not exist
 * @example
 * ```ts
 * import { pipeline } from "@millrace/core";
 * import { seriesLines, victoriaMetrics } from "@millrace/vm-sink";
 *
 * const replay = (path: string, url: string) =>
 *   pipeline(seriesLines(path)).to(victoriaMetrics({ url }));
 * ```
 */
export function seriesLines(paths: string | readonly string[]): Source<SeriesBatch> {
  return {
    apiVersion: 1,
    name: "series-lines",
    async *open(context) {
      for (const path of typeof paths === "string" ? [paths] : paths) {
        const problems: string[] = [];
        let count = 0;
        for await (const read of readLines(path)) {
          context.signal.throwIfAborted();
          if ("problem" in read) problems.push(read.problem);
          else if (read.line.values.length > 0) {
            count += read.line.values.length;
            yield batchOf(read.line, path);
          }
        }
        const outcome = problems.length === 0 ? "ok" : count > 0 ? "partial" : "failed";
        context.emit({ type: "origin-read", origin: path, outcome, count, filtered: 0, problems });
      }
    },
  };
}

function batchOf({ metric, values, timestamps }: DeadLetterLine, path: string): SeriesBatch {
  return seriesBatch({
    table: { id: JSON.stringify(metric), labels: [metric] },
    firstSeries: 0,
    seriesCount: 1,
    grid: { timesMs: Float64Array.from(timestamps) },
    values: Float64Array.from(values),
    origins: [{ origin: path, count: values.length }],
  });
}
