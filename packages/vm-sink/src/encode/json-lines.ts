import {
  gridLength,
  gridTimes,
  type Labels,
  MillraceError,
  type SeriesBatch,
  type TimeGrid,
} from "@millrace/core";
import type { BatchCursor, Body, BodyFormat } from "./body-format.ts";
import { readJsonLines } from "./read-json-lines.ts";
import { sameGrid } from "./same-grid.ts";
import { isWhole, type SparseSeries, sparseSeries } from "./series-cells.ts";
import { TableCache } from "./table-cache.ts";
import { LONGEST_INTEGER, writeInteger } from "./write-integer.ts";

/** A line may have 10 MiB at the server; this many samples take half a MiB at most. */
const MOST_SAMPLES_A_LINE = 10_000;
/** `-1.2345678901234567e-300,`, and the same of a whole number of 32 bits. */
const LONGEST_VALUE = 25;
const LONGEST_WHOLE = LONGEST_INTEGER + 1;
/** What a sample of an archive takes; only turns a sample count into bytes. */
const TYPICAL_SAMPLE_BYTES = 24;
const BETWEEN = Buffer.from('],"timestamps":[');
const END = Buffer.from("]}\n");
const COMMA = 0x2c;

/**
 * VictoriaMetrics' JSON lines, series after series: for servers and proxies that take no remote write.
 *
 * Labels become text once a table, times once a grid; whole numbers are written digit by digit. It costs
 * the database about a third more than remote write.
 */
export function jsonLines(): BodyFormat {
  const tables = new TableCache(() => (labels) => Buffer.from(linePrefix(labels)));
  let text: TimeText | undefined;
  const textOf = (grid: TimeGrid): TimeText => {
    if (text === undefined || !sameGrid(text.grid, grid)) text = timeText(grid);
    return text;
  };
  return {
    name: "json",
    path: "/api/v1/import",
    headers: { "content-type": "application/json" },
    bytesFor: (samples) => samples * TYPICAL_SAMPLE_BYTES,
    start: (bytes) => ({
      bytes,
      view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
      end: 0,
      samples: 0,
    }),
    cursor: (batch) =>
      lineCursor(
        batch,
        tables,
        isWhole(batch)
          ? wholeCells(batch, textOf(batch.grid))
          : sparseCells(batch, textOf(batch.grid)),
      ),
    finish: (body) => body.bytes.subarray(0, body.end),
    compressions: ["gzip"],
    content: (body) => body.bytes.subarray(0, body.end),
    read: (body) => readJsonLines(body.bytes.toString("utf8", 0, body.end)),
  };
}

/** The cells of a batch, one series at a time. */
interface Cells {
  /** Samples left out so far because they are no finite numbers. */
  readonly dropped: number;
  /** Most bytes of a value with its comma, and of a time with its. */
  readonly valueBytes: number;
  readonly timeBytes: number;
  /** Turns to a series and says how many samples it has. */
  select(row: number): number;
  /** Writes the values, or the times, of some samples, a comma after each; returns where they end. */
  writeValues(bytes: Buffer, at: number, from: number, count: number): number;
  writeTimes(bytes: Buffer, at: number, from: number, count: number): number;
}

function lineCursor(batch: SeriesBatch, tables: TableCache, cells: Cells): BatchCursor {
  const { bytes: prefixes, offsets } = tables.get(batch.table);
  let row = 0;
  let from = 0;
  let samples = batch.seriesCount > 0 ? cells.select(0) : 0;
  return {
    get dropped() {
      return cells.dropped;
    },
    fill(body) {
      const { bytes } = body;
      while (row < batch.seriesCount) {
        const prefixFrom = offsets[batch.firstSeries + row] as number;
        const prefixEnd = offsets[batch.firstSeries + row + 1] as number;
        while (from < samples) {
          const count = samplesThatFit(body, prefixEnd - prefixFrom, cells, samples - from);
          if (count === 0) return false;
          let at = body.end;
          at += prefixes.copy(bytes, at, prefixFrom, prefixEnd);
          at = cells.writeValues(bytes, at, from, count) - 1;
          at += BETWEEN.copy(bytes, at);
          at = cells.writeTimes(bytes, at, from, count) - 1;
          at += END.copy(bytes, at);
          body.end = at;
          body.samples += count;
          from += count;
        }
        row += 1;
        from = 0;
        if (row < batch.seriesCount) samples = cells.select(row);
      }
      return true;
    },
  };
}

/** The hot path: every cell is a sample, so all series share the text of their times. */
function wholeCells(batch: SeriesBatch, { text, offsets }: TimeText): Cells {
  const { values, firstSeries, table } = batch;
  const times = gridLength(batch.grid);
  let first = 0;
  let divisor = 1;
  return {
    dropped: 0,
    valueBytes:
      values instanceof Int32Array && table.divisors === undefined ? LONGEST_WHOLE : LONGEST_VALUE,
    timeBytes: longestOf(offsets),
    select(row) {
      first = row * times;
      divisor = table.divisors?.[firstSeries + row] ?? 1;
      return times;
    },
    writeValues(bytes, start, from, count) {
      let at = start;
      const end = first + from + count;
      for (let cell = first + from; cell < end; cell++) {
        const value = (values[cell] as number) / divisor;
        // Only whole numbers of 32 bits may take the short road; -0 becomes 0 on either.
        if ((value | 0) === value) at = writeInteger(bytes, at, value);
        else at += bytes.write(String(value), at, "latin1");
        bytes[at++] = COMMA;
      }
      return at;
    },
    writeTimes: (bytes, at, from, count) =>
      at + text.copy(bytes, at, offsets[from] as number, offsets[from + count] as number),
  };
}

/** Batches with holes, or with values that are no numbers. */
function sparseCells(batch: SeriesBatch, { text, offsets }: TimeText): Cells {
  const times = gridTimes(batch.grid);
  const indexOf = new Map(Array.from(times, (timeMs, index) => [timeMs, index]));
  let dropped = 0;
  let series: SparseSeries | undefined;
  return {
    get dropped() {
      return dropped;
    },
    valueBytes: LONGEST_VALUE,
    timeBytes: longestOf(offsets),
    select(row) {
      series = sparseSeries(batch, row, times);
      dropped += series.dropped;
      return series.values.length;
    },
    writeValues(bytes, start, from, count) {
      let at = start;
      for (let i = from; i < from + count; i++) {
        at += bytes.write(`${series?.values[i]},`, at, "latin1");
      }
      return at;
    },
    writeTimes(bytes, start, from, count) {
      let at = start;
      for (let i = from; i < from + count; i++) {
        const index = indexOf.get(series?.timesMs[i] as number) as number;
        at += text.copy(bytes, at, offsets[index] as number, offsets[index + 1] as number);
      }
      return at;
    },
  };
}

/** All times of a grid as text, a comma after each; time `t` lies at `[offsets[t], offsets[t + 1])`. */
interface TimeText {
  readonly grid: TimeGrid;
  readonly text: Buffer;
  readonly offsets: Uint32Array;
}

function timeText(grid: TimeGrid): TimeText {
  const parts = Array.from(gridTimes(grid), (timeMs) => `${Math.floor(timeMs)},`);
  const offsets = new Uint32Array(parts.length + 1);
  parts.forEach((part, t) => {
    offsets[t + 1] = (offsets[t] as number) + part.length;
  });
  return { grid, text: Buffer.from(parts.join(""), "latin1"), offsets };
}

function longestOf(offsets: Uint32Array): number {
  let longest = 1;
  for (let t = 1; t < offsets.length; t++) {
    longest = Math.max(longest, (offsets[t] as number) - (offsets[t - 1] as number));
  }
  return longest;
}

/**
 * How many of the next samples make the next line of this body: as many as a line may have, none, or,
 * where not even an empty body would hold those, as many as fit into an empty one.
 */
function samplesThatFit(body: Body, prefixBytes: number, cells: Cells, left: number): number {
  const wanted = Math.min(left, MOST_SAMPLES_A_LINE);
  const overhead = prefixBytes + BETWEEN.length + END.length;
  const sampleBytes = cells.valueBytes + cells.timeBytes;
  const fits = Math.floor((body.bytes.length - body.end - overhead) / sampleBytes);
  if (fits >= wanted) return wanted;
  if (body.bytes.length - overhead < sampleBytes) {
    throw new MillraceError(
      "LIMIT_EXCEEDED",
      `A series has ${prefixBytes} bytes of labels, more than one request of ${body.bytes.length} bytes holds.`,
    );
  }
  return body.samples === 0 ? fits : 0;
}

/** `{"metric":{"__name__":"…",…},"values":[`; empty labels are no labels. */
function linePrefix(labels: Labels): string {
  const pairs = Object.entries(labels)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${quoted(name)}:${quoted(value)}`);
  return `{"metric":{${pairs.join(",")}},"values":[`;
}

/** A half of a surrogate pair is no text: it becomes U+FFFD, as it does in the other formats. */
function quoted(text: string): string {
  return JSON.stringify(text.toWellFormed());
}
