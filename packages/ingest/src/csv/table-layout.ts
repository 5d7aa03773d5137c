import type { Labels, SeriesTable } from "@millrace/core";
import { type MetricNames, metricName } from "./metric-name.ts";
import { decimalPlaces } from "./number-text.ts";

/** Consecutive series of one element: together the metrics of its rows. */
export interface ElementRun {
  /** Index in the table of the first series. */
  readonly first: number;
  readonly count: number;
  readonly serial: string;
  readonly resource: string;
  readonly element: string;
  /** What each series is called; equal lists of neighbours are one and the same. */
  readonly headings: readonly string[];
}

/** What a table looks like as rows. */
export interface TableLayout {
  /** In order of the series; they cover the table. */
  readonly runs: readonly ElementRun[];
  /** Index in `runs` of each series. */
  readonly runOf: Uint32Array;
  /** `decimalPlaces` of each series. */
  readonly places: Int8Array;
}

/**
 * Finds the elements of a table: consecutive series whose labels differ in the metric only.
 *
 * @param onLabels - called with the labels of each series
 */
export function tableLayout(
  table: SeriesTable,
  metricNames: MetricNames,
  onLabels: (labels: Labels) => void,
): TableLayout {
  const { labels, divisors } = table;
  const runs: ElementRun[] = [];
  const runOf = new Uint32Array(labels.length);
  const headingOf = rememberedHeadings(metricNames);
  let first = 0;
  let headings: readonly string[] = [];
  for (let series = 0; series <= labels.length; series++) {
    const of = labels[series];
    if (of !== undefined) onLabels(of);
    const head = labels[first] as Labels;
    if (series === first || (of !== undefined && sameElement(head, of))) continue;
    const found = uniqueHeadings(labels.slice(first, series).map(headingOf));
    if (!sameTexts(found, headings)) headings = found;
    const { SN: serial = "", Resource: resource = "", Element: element = "" } = head;
    runOf.fill(runs.length, first, series);
    runs.push({ first, count: series - first, serial, resource, element, headings });
    first = series;
  }
  const places = Int8Array.from(labels, (_, i) => decimalPlaces(divisors?.[i] ?? 1));
  return { runs, runOf, places };
}

function sameElement(a: Labels, b: Labels): boolean {
  let names = 0;
  for (const name in a) {
    names += 1;
    if (name !== "__name__" && a[name] !== b[name]) return false;
  }
  for (const _ in b) names -= 1;
  return names === 0;
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}

/** PerfMonkey splits a header at every comma, whatever the quotes. */
function rememberedHeadings(names: MetricNames): (labels: Labels) => string {
  const known = new Map<string, string>();
  return ({ __name__: series = "" }) => {
    let heading = known.get(series);
    if (heading === undefined) {
      heading = metricName(series, names).replaceAll(",", "_");
      known.set(series, heading);
    }
    return heading;
  };
}

/** Several ids of one resource may have one name; each keeps a column of its own. */
function uniqueHeadings(headings: readonly string[]): readonly string[] {
  if (new Set(headings).size === headings.length) return headings;
  const taken = new Set(headings);
  const seen = new Map<string, number>();
  return headings.map((heading) => {
    let nth = (seen.get(heading) ?? 0) + 1;
    let unique = heading;
    while (nth > 1 && taken.has(unique)) unique = `${heading} (${nth++})`;
    seen.set(heading, nth === 1 ? 1 : nth - 1);
    taken.add(unique);
    return unique;
  });
}
