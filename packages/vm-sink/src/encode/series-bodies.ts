import { type SeriesBatch, type SeriesSamples, seriesBatch } from "@millrace/core";
import type { Body, BodyFormat } from "./body-format.ts";

/** Bodies with plain series, for the few that have to be sent apart from their batch. */
export function* seriesBodies(
  series: Iterable<SeriesSamples>,
  format: BodyFormat,
  bodyBytes: number,
): Generator<Body> {
  let body = format.start(Buffer.allocUnsafeSlow(bodyBytes));
  for (const samples of series) {
    const cursor = format.cursor(batchOf(samples));
    while (!cursor.fill(body)) {
      yield body;
      body = format.start(Buffer.allocUnsafeSlow(bodyBytes));
    }
  }
  if (body.samples > 0) yield body;
}

function batchOf({ labels, timesMs, values }: SeriesSamples): SeriesBatch {
  return seriesBatch({
    table: { id: "", labels: [labels] },
    firstSeries: 0,
    seriesCount: 1,
    grid: { timesMs },
    values,
    origins: [],
  });
}
