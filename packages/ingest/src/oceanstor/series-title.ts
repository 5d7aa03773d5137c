import { KNOWN_METRIC_IDS, metricOf } from "./id-tables.ts";

/** What a series is called for people. */
export interface SeriesTitle {
  /** The vendor's name with the unit that the values have: `Total IOPS (IO/s)`. */
  readonly title: string;
  /** `IO/s`; null where the name says none. */
  readonly unit: string | null;
}

let titles: ReadonlyMap<string, SeriesTitle> | undefined;

/**
 * The name of a seed series for people. Where a divisor makes milliseconds of the microseconds that the vendor's name
 * speaks of (or megabytes of kilobytes), the unit here is the true one.
 *
 * @param series - `huawei_total_iops_io_s`; one that is in no table is its own title
 */
export function seriesTitle(series: string): SeriesTitle {
  titles ??= readTitles();
  return titles.get(series) ?? { title: series, unit: null };
}

/** What a divisor makes of the unit in the vendor's name. */
const DIVIDED: readonly (readonly [divisor: number, unit: RegExp, becomes: string])[] = [
  [1_000, /\(us\)\s*$/, "(ms)"],
  [1_024, /\(KB\/s\)\s*$/, "(MB/s)"],
];
const UNIT = /\(([^()]+)\)\s*$/;

function readTitles(): ReadonlyMap<string, SeriesTitle> {
  const bySeries = new Map<string, SeriesTitle>();
  for (const id of KNOWN_METRIC_IDS) {
    const { series, name, divisor } = metricOf(id);
    if (bySeries.has(series)) continue;
    const change = DIVIDED.find(([by, unit]) => by === divisor && unit.test(name));
    const title = change === undefined ? name : name.replace(change[1], change[2]);
    bySeries.set(series, { title, unit: UNIT.exec(title)?.[1] ?? null });
  }
  return bySeries;
}
