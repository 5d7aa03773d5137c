import {
  gridLength,
  gridTimes,
  type Labels,
  MillraceError,
  type SeriesBatch,
  type TimeGrid,
} from "@millrace/core";
import type { BatchCursor, Body, BodyFormat } from "./body-format.ts";
import { lengthDelimited, writeVarint } from "./protobuf.ts";
import { readRemoteWrite } from "./read-remote-write.ts";
import { sameGrid } from "./same-grid.ts";
import { isWhole, type SparseSeries, sparseSeries } from "./series-cells.ts";
import { frameSnappyLiteral, SNAPPY_HEADER_BYTES } from "./snappy-literal.ts";
import { TableCache } from "./table-cache.ts";

/**
 * A sample in a `TimeSeries` message (Prometheus remote write 1.0): field 2, 16 bytes: field 1 the value
 * as double, field 2 the time as varint. Times between 1970 and 2109 fit six varint bytes, padded, so
 * every sample has the same size and values can be stored at a stride.
 */
const SAMPLE_BYTES = 18;
const VALUE_AT = 3;
const TIME_AT = 12;
const TIME_BYTES = 6;
const TIME_LIMIT_MS = 2 ** (7 * TIME_BYTES);

const TIME_SERIES_FIELD = 1;
const LABELS_FIELD = 1;
const TIME_SERIES_TAG = (TIME_SERIES_FIELD << 3) | 2;
const LONGEST_HEAD = 1 + 5;

/**
 * Prometheus remote write 1.0, series after series, in an uncompressed snappy frame.
 *
 * The cheapest format for VictoriaMetrics, and one that is parsed as a whole: a damaged body stores
 * nothing. Labels are encoded once a table, the times once a grid; per sample there is one 8-byte store.
 */
export function remoteWrite(): BodyFormat {
  const tables = new TableCache(labelEncoder);
  let template: Uint8Array = new Uint8Array(0);
  let templateGrid: TimeGrid | undefined;

  const timesOf = (grid: TimeGrid): Uint8Array => {
    if (templateGrid === undefined || !sameGrid(templateGrid, grid)) {
      template = timeTemplate(gridTimes(grid));
      templateGrid = grid;
    }
    return template;
  };

  return {
    name: "remote-write",
    path: "/api/v1/write",
    headers: {
      "content-type": "application/x-protobuf",
      "content-encoding": "snappy",
      "x-prometheus-remote-write-version": "0.1.0",
    },
    bytesFor: (samples) => samples * SAMPLE_BYTES + SNAPPY_HEADER_BYTES,
    start: (bytes) => ({
      bytes,
      view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
      end: SNAPPY_HEADER_BYTES,
      samples: 0,
    }),
    cursor: (batch) =>
      recordCursor(
        batch,
        tables,
        isWhole(batch) ? wholeCells(batch, timesOf(batch.grid)) : sparseCells(batch),
      ),
    finish: (body) => frameSnappyLiteral(body.bytes, body.end),
    compressions: ["zstd"],
    content: (body) => body.bytes.subarray(SNAPPY_HEADER_BYTES, body.end),
    read: (body) => readRemoteWrite(body.bytes.subarray(SNAPPY_HEADER_BYTES, body.end)),
  };
}

/** The cells of a batch, one series at a time. */
interface Cells {
  /** Samples left out so far because they are no finite numbers. */
  readonly dropped: number;
  /** Turns to a series and says how many samples it has. */
  select(row: number): number;
  /** Writes samples `[from, from + count)` of the selected series. */
  write(body: Body, at: number, from: number, count: number): void;
}

function recordCursor(batch: SeriesBatch, tables: TableCache, cells: Cells): BatchCursor {
  const { bytes: labels, offsets } = tables.get(batch.table);
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
        const labelsFrom = offsets[batch.firstSeries + row] as number;
        const labelsEnd = offsets[batch.firstSeries + row + 1] as number;
        const labelBytes = labelsEnd - labelsFrom;
        if (from < samples) {
          const count = samplesThatFit(body, labelBytes, samples - from);
          if (count === 0) return false;
          let at = body.end;
          bytes[at++] = TIME_SERIES_TAG;
          at = writeVarint(bytes, at, labelBytes + count * SAMPLE_BYTES);
          at += labels.copy(bytes, at, labelsFrom, labelsEnd);
          cells.write(body, at, from, count);
          body.end = at + count * SAMPLE_BYTES;
          body.samples += count;
          from += count;
          if (from < samples) continue;
        }
        row += 1;
        from = 0;
        if (row < batch.seriesCount) samples = cells.select(row);
      }
      return true;
    },
  };
}

/** The hot path: every cell is a sample, so the times are copied and the values stored between them. */
function wholeCells(batch: SeriesBatch, template: Uint8Array): Cells {
  const { values, firstSeries, table } = batch;
  const times = gridLength(batch.grid);
  let selected = 0;
  return {
    dropped: 0,
    select(row) {
      selected = row;
      return times;
    },
    write({ bytes, view }, at, from, count) {
      const whole = from === 0 && count === times;
      bytes.set(
        whole ? template : template.subarray(from * SAMPLE_BYTES, (from + count) * SAMPLE_BYTES),
        at,
      );
      const divisor = table.divisors?.[firstSeries + selected] ?? 1;
      let cell = selected * times + from;
      const end = cell + count;
      let target = at + VALUE_AT;
      if (divisor === 1) {
        for (; cell < end; cell++, target += SAMPLE_BYTES) {
          view.setFloat64(target, values[cell] as number, true);
        }
      } else {
        for (; cell < end; cell++, target += SAMPLE_BYTES) {
          view.setFloat64(target, (values[cell] as number) / divisor, true);
        }
      }
    },
  };
}

/** Batches with holes, or with values that are no numbers. */
function sparseCells(batch: SeriesBatch): Cells {
  const times = gridTimes(batch.grid);
  let dropped = 0;
  let series: SparseSeries | undefined;
  return {
    get dropped() {
      return dropped;
    },
    select(row) {
      series = sparseSeries(batch, row, times);
      dropped += series.dropped;
      return series.values.length;
    },
    write({ bytes, view }, at, from, count) {
      for (let i = 0; i < count; i++) {
        const target = at + i * SAMPLE_BYTES;
        writeTime(bytes, target, series?.timesMs[from + i] as number);
        view.setFloat64(target + VALUE_AT, series?.values[from + i] as number, true);
      }
    },
  };
}

/**
 * How many of the next samples go into this body: all of them, none, or, where not even an empty body
 * would hold all, as many as fit into an empty one.
 */
function samplesThatFit(body: Body, labelBytes: number, left: number): number {
  const overhead = LONGEST_HEAD + labelBytes;
  const fits = Math.floor((body.bytes.length - body.end - overhead) / SAMPLE_BYTES);
  if (fits >= left) return left;
  const capacity = body.bytes.length - SNAPPY_HEADER_BYTES - overhead;
  if (capacity < SAMPLE_BYTES) {
    throw new MillraceError(
      "LIMIT_EXCEEDED",
      `A series has ${labelBytes} bytes of labels, more than one request of ${body.bytes.length} bytes holds.`,
    );
  }
  return body.samples === 0 ? fits : 0;
}

/**
 * Encodes labels in byte order of their names, as the specification asks; empty ones are no labels.
 *
 * The series of a table differ in few labels, so each pair of name and value is encoded once.
 */
function labelEncoder(): (labels: Labels) => Uint8Array {
  const text = new TextEncoder();
  const pairs = new Map<string, Map<string, Uint8Array>>();
  const pair = (name: string, value: string): Uint8Array => {
    const values = pairs.get(name) ?? new Map<string, Uint8Array>();
    pairs.set(name, values);
    let encoded = values.get(value);
    if (encoded === undefined) {
      const parts = [lengthDelimited(1, text.encode(name)), lengthDelimited(2, text.encode(value))];
      encoded = lengthDelimited(LABELS_FIELD, Buffer.concat(parts));
      values.set(value, encoded);
    }
    return encoded;
  };
  let names: readonly string[] = [];
  let sorted: readonly string[] = [];
  /** Neighbours have the same names, so they are sorted once. */
  const inByteOrder = (labels: Labels): readonly string[] => {
    const now = Object.keys(labels);
    if (now.length !== names.length || now.some((name, i) => name !== names[i])) {
      names = now;
      sorted = now.toSorted();
    }
    return sorted;
  };
  return (labels) => {
    const parts: Uint8Array[] = [];
    let length = 0;
    for (const name of inByteOrder(labels)) {
      const value = labels[name] as string;
      if (value === "") continue;
      const part = pair(name, value);
      parts.push(part);
      length += part.length;
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  };
}

function timeTemplate(timesMs: Float64Array): Uint8Array {
  const template = new Uint8Array(timesMs.length * SAMPLE_BYTES);
  timesMs.forEach((timeMs, i) => {
    writeTime(template, i * SAMPLE_BYTES, timeMs);
  });
  return template;
}

/** Everything of a sample but its value. */
function writeTime(bytes: Uint8Array, at: number, timeMs: number): void {
  if (!(timeMs >= 0 && timeMs < TIME_LIMIT_MS)) {
    throw new MillraceError(
      "SINK_REJECTED",
      `A sample has the time ${timeMs} ms, outside 1970 to 2109; the database would drop it. Are the times in milliseconds?`,
    );
  }
  bytes[at] = (2 << 3) | 2;
  bytes[at + 1] = SAMPLE_BYTES - 2;
  bytes[at + 2] = (1 << 3) | 1;
  bytes[at + TIME_AT - 1] = 2 << 3;
  let rest = Math.floor(timeMs);
  for (let i = 0; i < TIME_BYTES - 1; i++) {
    bytes[at + TIME_AT + i] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[at + TIME_AT + TIME_BYTES - 1] = rest;
}
