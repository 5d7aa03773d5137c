/** The function over the samples of a step; the variable says whether means or peaks are shown. */
const SHOWN: string = "$" + "{Show}_over_time";
/** What the lines of one element have in common; labels that a series does not have show nothing. */
export const LEGEND = "{{Element}} {{controller}} {{SN}}";

/** What a series must be like to be shown. */
export interface SeriesFilter {
  /** The label `Resource`, or the variable. */
  readonly resource: string;
  /** Whether only the elements that are chosen are shown. */
  readonly byElement: boolean;
}

/** Selects the series of one name on the arrays that are chosen: `name{SN=~"$SN",Resource="LUN"}`. */
export function selector(series: string, { resource, byElement }: SeriesFilter): string {
  const labels = [
    'SN=~"$SN"',
    `Resource=${quoted(resource)}`,
    ...(byElement ? ['Element=~"$Element"'] : []),
  ].join(",");
  // Seed names hold whatever the vendor's names hold: %, ', Chinese.
  return /^[a-z_][a-z0-9_]*$/i.test(series)
    ? `${series}{${labels}}`
    : `{__name__=${quoted(series)},${labels}}`;
}

/** One value a step, from all samples in it, so that a zoomed out panel leaves none out. */
export function eachStep(samples: string, statistic: string = SHOWN): string {
  return `${statistic}(${samples}[$__interval])`;
}

/** The same in another unit. */
export function scaled(query: string, factor: number): string {
  const rounded = Number(factor.toPrecision(12));
  return rounded === 1 ? query : `${query} * ${rounded}`;
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}
