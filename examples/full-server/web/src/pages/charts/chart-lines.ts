import type { Metric, SeriesAnswer, SeriesOfElement } from "../../api/types.ts";
import type { ChartQuery } from "./chart-address.ts";

/** Colors of the palette; the next line of the same color is dashed. */
const PALETTE = 8;
const DASHES = [undefined, [6, 3], [2, 3]] as const;

/** A query with what the server answered to it. */
export interface AnsweredQuery {
  readonly query: ChartQuery;
  readonly metric: Metric;
  readonly answer: SeriesAnswer;
}

/** One line of a chart. */
export interface ChartLine {
  /** Tells it from all others of the page. */
  readonly key: string;
  readonly query: AnsweredQuery;
  readonly series: SeriesOfElement;
  readonly colorIndex: number;
  readonly dash: readonly number[] | undefined;
  readonly unit: string;
}

/** Lines that share a drawing: of two units at most, one on each side. */
export interface ChartPanel {
  readonly units: readonly string[];
  readonly lines: readonly ChartLine[];
}

/** The lines of all queries, in their order. */
export function linesOf(answers: readonly AnsweredQuery[]): readonly ChartLine[] {
  const all = answers.flatMap((query, number) =>
    query.answer.series.map((series) => ({ query, number, series })),
  );
  return all.map(({ query, number, series }, index) => ({
    key: [number, query.query.resource, query.metric.name, series.element].join("\n"),
    query,
    series,
    colorIndex: index % PALETTE,
    dash: DASHES[Math.floor(index / PALETTE) % DASHES.length],
    unit: query.metric.unit ?? "",
  }));
}

/** A third unit begins a second drawing: more than two scales cannot be read. */
export function panelsOf(lines: readonly ChartLine[]): readonly ChartPanel[] {
  const units = [...new Set(lines.map(({ unit }) => unit))];
  const panels: ChartPanel[] = [];
  for (let at = 0; at < units.length; at += 2) {
    const own = units.slice(at, at + 2);
    panels.push({ units: own, lines: lines.filter(({ unit }) => own.includes(unit)) });
  }
  return panels;
}

/** One column of times and one of values for each line; undefined where only other lines have one. */
export type ChartColumns = readonly [
  timesMs: readonly number[],
  ...values: readonly (readonly (number | null | undefined)[])[],
];

/** Brings lines onto one grid of times. */
export function columnsOf(lines: readonly ChartLine[]): ChartColumns {
  const grids = [...new Set(lines.map(({ query }) => query.answer.timesMs))];
  const times = [...new Set(grids.flat())].sort((a, b) => a - b);
  const rowOf = new Map(times.map((ms, row) => [ms, row]));
  const columns = lines.map(({ query, series }) => {
    const own = query.answer.timesMs;
    if (own.length === times.length) return series.values;
    const column = new Array<number | null | undefined>(times.length).fill(undefined);
    own.forEach((ms, index) => {
      column[rowOf.get(ms) as number] = series.values[index] ?? null;
    });
    return column;
  });
  return [times, ...columns];
}
