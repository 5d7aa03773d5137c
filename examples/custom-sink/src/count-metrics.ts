import { writeFile } from "node:fs/promises";
import { definePlugin, eachSeries, type SeriesBatch, type Sink } from "@millrace/core";
import { BehaviorSubject } from "rxjs";
import * as v from "valibot";

/** Writes how many samples each metric has, as JSON, to the file `path`. */
export const countMetrics = definePlugin({
  kind: "sink",
  name: "count-metrics",
  accepts: "series-batch",
  options: v.strictObject({ path: v.pipe(v.string(), v.nonEmpty("name the file to write")) }),
  create: ({ path }): Sink<SeriesBatch> => ({
    apiVersion: 1,
    name: "count-metrics",
    capabilities: { durable: false, resume: false },
    async open({ signal }) {
      const watermark$ = new BehaviorSubject({ accepted: 0, durable: 0 });
      const counts: Record<string, number> = {};
      const end = async () => watermark$.complete();
      return {
        watermark$,
        async write(batch) {
          for (const { labels, values } of eachSeries(batch)) {
            const metric = labels["__name__"] ?? "";
            counts[metric] = (counts[metric] ?? 0) + values.length;
          }
          batch.release?.();
          watermark$.next({ accepted: watermark$.value.accepted + 1, durable: 0 });
        },
        close: () => writeFile(path, JSON.stringify(counts, null, 2), { signal }).finally(end),
        abort: end,
        [Symbol.asyncDispose]: end,
      };
    },
  }),
});
export default countMetrics;
