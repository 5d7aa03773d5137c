import { InfluxDB, Point } from "@influxdata/influxdb-client";
import { gridTimes, type Labels, type SeriesBatch } from "@millrace/core";
import { pushTimeseries } from "prometheus-remote-write";
import { inFlight } from "./in-flight.ts";

/** Writes all batches into the database at `url` and returns once it has answered all requests. */
export type Load = (batches: readonly SeriesBatch[], url: string) => Promise<void>;

/** As many as our sink has. */
const REQUESTS_AT_ONCE = 3;
/** Their bodies come to about 1 MiB, as ours do. */
const LINES_A_REQUEST = 10_000;
const REMOTE_WRITE_SERIES_A_REQUEST = 200;
const TEXT_LENGTH = 1_000_000;

/** What else there is in npm, each used as its authors show, with requests as large and as many at once as ours. */
export const PEER_LOADS = {
  "@influxdata/influxdb-client": (batches, url) => writePoints(batches, url, false),
  "@influxdata/influxdb-client + gzip": (batches, url) => writePoints(batches, url, true),
  "prometheus-remote-write": pushSeries,
  "template strings and fetch": sendTemplateStrings,
  "JSON.stringify and fetch": sendJsonLines,
} as const satisfies Readonly<Record<string, Load>>;

/** Peers that would take minutes for all of the data. */
export const SLOW_PEERS: ReadonlySet<PeerName> = new Set([
  "@influxdata/influxdb-client",
  "@influxdata/influxdb-client + gzip",
]);

/** A key of {@link PEER_LOADS}. */
export type PeerName = keyof typeof PEER_LOADS;

/** Line protocol, a point a sample. Its client compresses unless told not to. */
async function writePoints(
  batches: readonly SeriesBatch[],
  url: string,
  gzip: boolean,
): Promise<void> {
  const writer = new InfluxDB({ url, token: "none" }).getWriteApi("bench", "bench", "ms", {
    // Flushed below, so that no more than a few requests are under way.
    batchSize: LINES_A_REQUEST + 1,
    flushInterval: 0,
    maxRetries: 0,
    ...(!gzip && { gzipThreshold: Number.MAX_SAFE_INTEGER }),
  });
  const requests = inFlight(REQUESTS_AT_ONCE);
  let lines = 0;
  for (const { labels, times, values } of eachRow(batches)) {
    const { __name__: name = "", ...tags } = labels;
    // The database makes the name of measurement and field.
    const measurement = name.replace(/_value$/, "");
    const tagPairs = Object.entries(tags);
    for (let t = 0; t < times.length; t++) {
      const point = new Point(measurement)
        .floatField("value", values[t])
        .timestamp(times[t] as number);
      for (const [tag, value] of tagPairs) point.tag(tag, value);
      writer.writePoint(point);
      lines += 1;
      if (lines % LINES_A_REQUEST === 0) await requests.add(() => writer.flush());
    }
  }
  await requests.end();
  await writer.close();
}

/** Remote write in snappy, an object a sample. */
async function pushSeries(batches: readonly SeriesBatch[], url: string): Promise<void> {
  const requests = inFlight(REQUESTS_AT_ONCE);
  let series: Parameters<typeof pushTimeseries>[0] & unknown[] = [];
  const push = (): Promise<void> => {
    const pushed = series;
    series = [];
    return requests.add(async () => {
      const answer = await pushTimeseries(pushed, {
        url: `${url}/api/v1/write`,
        fetch: (target, init) => fetch(target, init as RequestInit),
      });
      if (answer.status >= 300) throw new Error(answer.errorMessage);
    });
  };
  for (const { labels, times, values } of eachRow(batches)) {
    series.push({
      labels: { ...labels, __name__: labels["__name__"] ?? "" },
      samples: Array.from(values, (value, t) => ({ value, timestamp: times[t] as number })),
    });
    if (series.length === REMOTE_WRITE_SERIES_A_REQUEST) await push();
  }
  await push();
  await requests.end();
}

/** What people write by hand: the Prometheus text format, a template string a sample. */
async function sendTemplateStrings(batches: readonly SeriesBatch[], url: string): Promise<void> {
  await sendText(
    `${url}/api/v1/import/prometheus`,
    eachRow(batches),
    ({ labels, times, values }) => {
      const { __name__: name, ...rest } = labels;
      const pairs = Object.entries(rest).map(([label, value]) => `${label}="${value}"`);
      const series = `${name}{${pairs.join(",")}}`;
      let text = "";
      for (let t = 0; t < times.length; t++) text += `${series} ${values[t]} ${times[t]}\n`;
      return text;
    },
  );
}

/** What people write by hand who know VictoriaMetrics: its JSON lines, an object a series. */
async function sendJsonLines(batches: readonly SeriesBatch[], url: string): Promise<void> {
  await sendText(`${url}/api/v1/import`, eachRow(batches), ({ labels, times, values }) => {
    return `${JSON.stringify({ metric: labels, values: [...values], timestamps: [...times] })}\n`;
  });
}

/** Collects the text of series and sends it. */
async function sendText(
  url: string,
  rows: Iterable<Row>,
  textOf: (row: Row) => string,
): Promise<void> {
  const requests = inFlight(REQUESTS_AT_ONCE);
  let text = "";
  const send = (): Promise<void> => {
    const body = text;
    text = "";
    return requests.add(async () => {
      const answer = await fetch(url, { method: "POST", body });
      if (!answer.ok) throw new Error(await answer.text());
      await answer.arrayBuffer();
    });
  };
  for (const row of rows) {
    text += textOf(row);
    if (text.length >= TEXT_LENGTH) await send();
  }
  if (text !== "") await send();
  await requests.end();
}

/** The samples of one series in one batch. */
interface Row {
  readonly labels: Labels;
  readonly times: Float64Array;
  readonly values: Int32Array | Float64Array;
}

/** Without a copy; the data has neither holes nor divisors. */
function* eachRow(batches: readonly SeriesBatch[]): Generator<Row> {
  for (const { table, firstSeries, seriesCount, grid, values } of batches) {
    const times = gridTimes(grid);
    for (let row = 0; row < seriesCount; row++) {
      yield {
        labels: table.labels[firstSeries + row] as Labels,
        times,
        values: values.subarray(row * times.length, (row + 1) * times.length),
      };
    }
  }
}
