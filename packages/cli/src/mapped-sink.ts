import type { SeriesBatch, Sink } from "@millrace/core";

/** The same sink, to which each batch comes changed; the number of its samples must stay. */
export function mappedSink<R>(
  sink: Sink<SeriesBatch, R>,
  change: (batch: SeriesBatch) => SeriesBatch,
): Sink<SeriesBatch, R> {
  return {
    ...sink,
    async open(context) {
      const writer = await sink.open(context);
      return {
        watermark$: writer.watermark$,
        write: async (batch) => await writer.write(change(batch)),
        close: () => writer.close(),
        abort: (reason) => writer.abort(reason),
        [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
      };
    },
  };
}
