import type { StorageArray } from "./array-catalog.ts";
import { type DatabaseQueries, selector } from "./database-queries.ts";

/** Which series of an array to draw. */
export interface SeriesQuestion {
  readonly resource: string;
  /** Name of the series: `huawei_total_iops_io_s`. */
  readonly metric: string;
  /** Empty: the ones with the highest average. */
  readonly elements: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Most points a series. */
  readonly points: number;
}

/** Series in steps, with figures of the samples behind them. */
export interface SeriesAnswer {
  readonly stepMs: number;
  readonly timesMs: readonly number[];
  readonly series: readonly {
    readonly element: string;
    /** The average of each step; null where there is no sample. */
    readonly values: readonly (number | null)[];
    readonly min: number;
    readonly avg: number;
    readonly p95: number;
    readonly max: number;
  }[];
}

const BUSIEST = 12;

/**
 * Reads series for a chart. A step is a whole number of the array's intervals, so that a line has a value at each of
 * them and never stairs; the figures are those of the samples, whatever the step.
 */
export async function querySeries(
  queries: DatabaseQueries,
  { serial, intervalSeconds }: StorageArray,
  question: SeriesQuestion,
): Promise<SeriesAnswer> {
  const { resource, metric, elements, points } = question;
  const intervalMs = Math.max(1, intervalSeconds) * 1000;
  const spanMs = question.toMs - question.fromMs;
  const stepMs = intervalMs * Math.max(1, Math.ceil(spanMs / intervalMs / points));
  // A point of the chart stands for the step that ends at it.
  const fromMs = Math.floor(question.fromMs / stepMs) * stepMs;
  const toMs = Math.ceil(question.toMs / stepMs) * stepMs;
  const wanted = {
    __name__: metric,
    SN: serial,
    Resource: resource,
    ...(elements.length === 0 ? {} : { Element: elements }),
  };
  const whole = `[${toMs - fromMs + stepMs}ms]`;
  const of = (rollup: string): string =>
    `max(${rollup.replace("$", `${selector(wanted)}${whole}`)}) by (Element)`;
  const averages = await queries.instant(of("avg_over_time($)"), toMs, "Element");
  const shown =
    elements.length > 0
      ? [...averages.keys()]
      : [...averages]
          .sort(([, a], [, b]) => b - a)
          .slice(0, BUSIEST)
          .map(([element]) => element);
  if (shown.length === 0) return { stepMs, timesMs: [], series: [] };
  const chosen = selector({ ...wanted, Element: shown });
  const [min, max, p95, lines] = await Promise.all([
    queries.instant(of("min_over_time($)"), toMs, "Element"),
    queries.instant(of("max_over_time($)"), toMs, "Element"),
    queries.instant(of("quantile_over_time(0.95, $)"), toMs, "Element"),
    queries.range(
      `avg(avg_over_time(${chosen}[${stepMs}ms])) by (Element)`,
      { fromMs, toMs },
      stepMs,
    ),
  ]);
  const count = Math.round((toMs - fromMs) / stepMs) + 1;
  const timesMs = Array.from({ length: count }, (_, i) => fromMs + i * stepMs);
  const byElement = new Map(lines.map((line) => [line.metric["Element"] ?? "", line.values]));
  return {
    stepMs,
    timesMs,
    series: shown.map((element) => {
      const values: (number | null)[] = new Array(count).fill(null);
      for (const [seconds, text] of byElement.get(element) ?? []) {
        const at = Math.round((seconds * 1000 - fromMs) / stepMs);
        if (at >= 0 && at < count) values[at] = Number(text);
      }
      return {
        element,
        values,
        min: min.get(element) ?? Number.NaN,
        avg: averages.get(element) ?? Number.NaN,
        p95: p95.get(element) ?? Number.NaN,
        max: max.get(element) ?? Number.NaN,
      };
    }),
  };
}
