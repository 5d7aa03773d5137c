import { gridTimes, type Labels, MillraceError, type SeriesBatch } from "@millrace/core";
import type { BatchCursor, Body, BodyFormat } from "./body-format.ts";
import { readPrometheusText } from "./read-prometheus-text.ts";
import { sparseSeries } from "./series-cells.ts";
import { TableCache } from "./table-cache.ts";
import { writeInteger } from "./write-integer.ts";

/** Longest text of a value and a time: `-1.2345678901234567e-300 -1234567890123\n`. */
const LONGEST_TAIL = 48;
/** What a sample takes on average with long names; only turns a sample count into bytes. */
const TYPICAL_SAMPLE_BYTES = 160;

/**
 * Prometheus text exposition with times, one line a sample: for servers that speak nothing else, and for
 * reading by eye. About six times the bytes of remote write and twice the database's work.
 *
 * Names that are no valid Prometheus names go out as they are; VictoriaMetrics takes them. Those that
 * the format cannot hold at all are refused (SINK_REJECTED), since the database would drop them silently.
 */
export function prometheusText(): BodyFormat {
  const tables = new TableCache(() => (labels) => Buffer.from(linePrefix(labels)));
  return {
    name: "prometheus",
    path: "/api/v1/import/prometheus",
    headers: { "content-type": "text/plain; charset=utf-8" },
    bytesFor: (samples) => samples * TYPICAL_SAMPLE_BYTES,
    start: (bytes) => ({
      bytes,
      view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
      end: 0,
      samples: 0,
    }),
    cursor: (batch) => lineCursor(batch, tables),
    finish: (body) => body.bytes.subarray(0, body.end),
    compressions: ["gzip"],
    content: (body) => body.bytes.subarray(0, body.end),
    read: (body) => readPrometheusText(body.bytes.toString("utf8", 0, body.end)),
  };
}

function lineCursor(batch: SeriesBatch, tables: TableCache): BatchCursor {
  const { bytes: prefixes, offsets } = tables.get(batch.table);
  // Times are the same for every series, so their text is too.
  const times = gridTimes(batch.grid);
  const timeTexts = new Map(Array.from(times, (ms) => [ms, Buffer.from(` ${ms}\n`)]));
  let row = 0;
  let from = 0;
  let dropped = 0;
  let current = sparseSeries(batch, 0, times);
  return {
    get dropped() {
      return dropped;
    },
    fill(body: Body) {
      const { bytes } = body;
      while (row < batch.seriesCount) {
        const series = batch.firstSeries + row;
        const prefixFrom = offsets[series] as number;
        const prefixEnd = offsets[series + 1] as number;
        const longest = prefixEnd - prefixFrom + LONGEST_TAIL;
        for (; from < current.timesMs.length; from++) {
          if (bytes.length - body.end < longest) {
            if (body.samples > 0) return false;
            throw new MillraceError(
              "LIMIT_EXCEEDED",
              `A series has ${longest} bytes of labels, more than one request of ${bytes.length} bytes holds.`,
            );
          }
          body.end += prefixes.copy(bytes, body.end, prefixFrom, prefixEnd);
          const value = current.values[from] as number;
          // Only whole numbers of 32 bits may take the short road; -0 becomes 0 on either.
          if ((value | 0) === value) body.end = writeInteger(bytes, body.end, value);
          else body.end += bytes.write(String(value), body.end, "latin1");
          const time = timeTexts.get(current.timesMs[from] as number) as Buffer;
          body.end += time.copy(bytes, body.end);
          body.samples += 1;
        }
        dropped += current.dropped;
        row += 1;
        from = 0;
        if (row < batch.seriesCount) current = sparseSeries(batch, row, times);
      }
      return true;
    },
  };
}

/** Names that would end or change a line; the format has no way to quote them. */
const UNWRITABLE_NAME = /^$|^[\s#]|[{}=,"\n]|\s$/;

/** `name{Label="value",…} `; backslash, quote and newline are escaped as the format demands. */
function linePrefix(labels: Labels): string {
  const { __name__: name = "", ...rest } = labels;
  const pairs = Object.entries(rest).filter(([, value]) => value !== "");
  const unwritable = [name, ...pairs.map(([key]) => key)].find((text) =>
    UNWRITABLE_NAME.test(text),
  );
  if (unwritable !== undefined) {
    throw new MillraceError(
      "SINK_REJECTED",
      `The Prometheus text format cannot hold the name ${JSON.stringify(unwritable)} of the series ${JSON.stringify(labels).slice(0, 200)}; use the format "remote-write".`,
    );
  }
  return `${name}{${pairs.map(([key, value]) => `${key}="${escapeValue(value)}"`).join(",")}} `;
}

function escapeValue(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
