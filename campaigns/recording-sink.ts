// A sink for `--sink`: writes every series of every batch as a line of JSON, with the file it came from.
import { appendFile } from "node:fs/promises";
import { definePlugin, eachSeries, type SeriesBatch, type Sink } from "@millrace/core";
import { BehaviorSubject } from "rxjs";

interface RecordingOptions {
  readonly path: string;
}

function recordingSink({ path }: RecordingOptions): Sink<SeriesBatch, undefined> {
  return {
    apiVersion: 1,
    name: "recording",
    capabilities: { durable: false, resume: false },
    async open() {
      let accepted = 0;
      const watermark$ = new BehaviorSubject({ accepted, durable: 0 });
      return {
        watermark$,
        async write(batch) {
          const lines: string[] = [];
          for (const { labels, timesMs, values } of eachSeries(batch)) {
            for (const { origin, firstRow = 0, rowCount = timesMs.length } of batch.origins) {
              const to = firstRow + rowCount;
              const times = [...timesMs.subarray(firstRow, to)];
              lines.push(
                JSON.stringify({
                  origin,
                  labels,
                  times,
                  values: [...values.subarray(firstRow, to)],
                }),
              );
            }
          }
          await appendFile(path, `${lines.join("\n")}\n`);
          accepted += 1;
          watermark$.next({ accepted, durable: 0 });
        },
        async close() {
          return undefined;
        },
        async abort() {},
        async [Symbol.asyncDispose]() {},
      };
    },
  };
}

/** Loaded by `--sink <this file> --sink-option path=<file to write>`. */
export const recording = definePlugin<"sink", RecordingOptions>({
  kind: "sink",
  name: "recording",
  accepts: "series-batch",
  create: recordingSink,
});
export default recording;
