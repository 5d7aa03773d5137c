import { type Labels, MillraceError, type SeriesBatch, type SeriesTable } from "@millrace/core";
import { csvField } from "./csv-field.ts";
import { type MetricNames, metricName } from "./metric-name.ts";
import { decimalPlaces, LONGEST_NUMBER, writeQuotient } from "./number-text.ts";
import { CHUNK_BYTES } from "./text-output.ts";
import { GridTexts, isoTime, unixTime } from "./time-text.ts";

/** What is the same in all lines of a series, encoded once a table. */
interface TableText {
  /** Of each series: what follows its time, a line break, and what precedes its value. */
  readonly bytes: Buffer;
  /** Series `s` lies at `bytes[offsets[s], offsets[s + 1])`. */
  readonly offsets: Uint32Array;
  /** Length of the part up to the line break. */
  readonly endings: Uint32Array;
  /** `decimalPlaces` of each series. */
  readonly places: Int8Array;
}

/** How lines look. */
export interface LineFormat {
  readonly metricNames: MetricNames;
  /** Labels behind the fixed columns. */
  readonly labels: readonly string[];
  /** Called with the labels of each series, once a table. */
  onLabels(labels: Labels): void;
}

/** One batch on its way into buffers: asked again until it says that it is through. */
export interface LineCursor {
  /** Writes lines from `at` on and returns where they end. */
  fill(bytes: Buffer, at: number): number;
  /** Whether every sample was written; if not, the buffer was full. */
  readonly done: boolean;
  readonly samples: number;
  /** Samples that are NaN or infinite. */
  readonly dropped: number;
}

/** Turns batches into lines. Remembers the text of each table and of the last grid. */
export class SampleLines {
  readonly #format: LineFormat;
  readonly #tables = new WeakMap<SeriesTable, TableText>();
  readonly #times = new GridTexts((timeMs) => `;${isoTime(timeMs)};${unixTime(timeMs)}`);

  constructor(format: LineFormat) {
    this.#format = format;
  }

  /**
   * Starts one batch.
   *
   * @throws MillraceError LIMIT_EXCEEDED when the labels of a series are longer than a line can be
   */
  cursor(batch: SeriesBatch): LineCursor {
    return new BatchCursor(batch, this.#textOf(batch.table), this.#times);
  }

  #textOf(table: SeriesTable): TableText {
    let text = this.#tables.get(table);
    if (text === undefined) {
      text = tableText(table, this.#format);
      this.#tables.set(table, text);
    }
    return text;
  }
}

class BatchCursor implements LineCursor {
  readonly #batch: SeriesBatch;
  readonly #text: TableText;
  readonly #times: readonly Uint8Array[];
  readonly #longestTime: number;
  #row = 0;
  #column = 0;
  samples = 0;
  dropped = 0;

  constructor(batch: SeriesBatch, text: TableText, times: GridTexts) {
    this.#batch = batch;
    this.#text = text;
    this.#times = times.of(batch.grid);
    this.#longestTime = times.longest;
  }

  get done(): boolean {
    return this.#row >= this.#batch.seriesCount;
  }

  fill(bytes: Buffer, at: number): number {
    let next = at;
    while (this.#row < this.#batch.seriesCount) {
      next = this.#fillSeries(bytes, next);
      if (this.#column < this.#times.length) break;
      this.#column = 0;
      this.#row += 1;
    }
    return next;
  }

  /**
   * Lines of one series, from `#column` on, as far as there is room. A line break and what precedes the
   * next value of the series are copied in one piece, so the last piece is taken back.
   */
  #fillSeries(bytes: Buffer, at: number): number {
    const { values, present, table, firstSeries } = this.#batch;
    const times = this.#times;
    const series = firstSeries + this.#row;
    const from = this.#text.offsets[series] as number;
    const to = this.#text.offsets[series + 1] as number;
    const prefixFrom = from + (this.#text.endings[series] as number);
    const between = this.#text.bytes.subarray(from, to);
    const prefixLength = to - prefixFrom;
    const full = bytes.length - (LONGEST_NUMBER + this.#longestTime + between.length);
    if (at + prefixLength > full) return at;
    const divisor = table.divisors?.[series] ?? 1;
    const places = values instanceof Int32Array ? (this.#text.places[series] as number) : -1;
    const offset = this.#row * times.length;
    bytes.set(this.#text.bytes.subarray(prefixFrom, to), at);
    let next = at + prefixLength;
    let column = this.#column;
    let samples = 0;
    for (; column < times.length && next <= full; column++) {
      if (present !== undefined && present[offset + column] === 0) continue;
      const raw = values[offset + column] as number;
      const end = writeQuotient(bytes, next, raw, divisor, places, true);
      if (end === next) {
        this.dropped += 1;
        continue;
      }
      const time = times[column] as Uint8Array;
      bytes.set(time, end);
      next = end + time.length;
      bytes.set(between, next);
      next += between.length;
      samples += 1;
    }
    this.#column = column;
    this.samples += samples;
    return next - prefixLength;
  }
}

/** Half a buffer: a line always fits into an empty one. */
const LONGEST_LABELS = CHUNK_BYTES / 2 - 1024;

function tableText(table: SeriesTable, { labels, metricNames, onLabels }: LineFormat): TableText {
  const count = table.labels.length;
  const offsets = new Uint32Array(count + 1);
  const endings = new Uint32Array(count);
  const field = rememberedFields();
  const metrics = new Map<string, string>();
  const parts: Buffer[] = [];
  let at = 0;
  table.labels.forEach((of, series) => {
    onLabels(of);
    const { __name__: name = "", Resource: resource = "", Element: element = "" } = of;
    let metric = metrics.get(name);
    if (metric === undefined) {
      metric = csvField(metricName(name, metricNames), ";");
      metrics.set(name, metric);
    }
    let ending = "";
    for (const label of labels) ending += `;${field(label, of[label] ?? "")}`;
    const prefix = `${field("Resource", resource)};${metric};${field("Element", element)};`;
    const before = Buffer.from(`${ending}\n`);
    const part = Buffer.from(`${ending}\n${prefix}`);
    if (part.length > LONGEST_LABELS) {
      throw new MillraceError(
        "LIMIT_EXCEEDED",
        `csv: a series has ${part.length} bytes of labels; a line can have ${LONGEST_LABELS}.`,
      );
    }
    endings[series] = before.length;
    parts.push(part);
    at += part.length;
    offsets[series + 1] = at;
  });
  return {
    bytes: Buffer.concat(parts),
    offsets,
    endings,
    places: Int8Array.from({ length: count }, (_, i) => decimalPlaces(table.divisors?.[i] ?? 1)),
  };
}

/** Neighbouring series share most of their labels, so the last text of each is remembered. */
function rememberedFields(): (label: string, value: string) => string {
  const last = new Map<string, { readonly value: string; readonly text: string }>();
  return (label, value) => {
    let found = last.get(label);
    if (found?.value !== value) {
      found = { value, text: csvField(value, ";") };
      last.set(label, found);
    }
    return found.text;
  };
}
