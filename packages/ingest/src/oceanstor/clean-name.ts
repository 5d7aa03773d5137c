/** What the clean form of a metric is made of. */
export interface CleanMetric {
  /** The name without its unit, as people read it. */
  readonly title: string;
  /** The name without its unit; letters of ASCII, digits and `_`. */
  readonly stem: string;
  /** Base unit, the end of the name; empty where none is known. */
  readonly unit: string;
  /** value in the base unit = raw / divisor. */
  readonly divisor: number;
}

interface Unit {
  /** End of the name. */
  readonly suffix: string;
  /** value in the base unit = value in this unit / divisor. */
  readonly divisor: number;
}

const KIB = 1 / 1024;
const MIB = KIB / 1024;
const GIB = MIB / 1024;

/** Units as they stand in parentheses at the end of a metric's name. The vendor's K is 1024. */
const UNITS: Readonly<Record<string, Unit>> = {
  "%": { suffix: "ratio", divisor: 100 },
  us: { suffix: "seconds", divisor: 1_000_000 },
  ms: { suffix: "seconds", divisor: 1000 },
  s: { suffix: "seconds", divisor: 1 },
  KB: { suffix: "bytes", divisor: KIB },
  MB: { suffix: "bytes", divisor: MIB },
  GB: { suffix: "bytes", divisor: GIB },
  Bps: { suffix: "bytes_per_second", divisor: 1 },
  "B/s": { suffix: "bytes_per_second", divisor: 1 },
  "KB/s": { suffix: "bytes_per_second", divisor: KIB },
  "MB/s": { suffix: "bytes_per_second", divisor: MIB },
  "IO/s": { suffix: "iops", divisor: 1 },
  "Packets/s": { suffix: "packets_per_second", divisor: 1 },
  "per second": { suffix: "per_second", divisor: 1 },
  "per Second": { suffix: "per_second", divisor: 1 },
  sectors: { suffix: "sectors", divisor: 1 },
};
const UNIT = /\(([^()]*)\)\s*$/;

/**
 * Takes the name of a metric apart, and finds the divisor to its base unit: seconds, bytes, bytes per
 * second, ratios from 0 to 1.
 *
 * The unit stands in parentheses at the end. Of the rest, `I/O` is one word, bounds of intervals are
 * spelt out (`le`, `inf`), and whatever else is neither letter nor digit becomes `_`.
 *
 * @param name - the metric's name in the id table: `Avg. read I/O size(KB)`
 * @param divisor - the table's divisor, which leads to the unit in the name
 * @returns `{ title: "Avg. read I/O size", stem: "oceanstor_avg_read_io_size", unit: "bytes", divisor: 1 / 1024 }`
 */
export function cleanMetric(name: string, divisor: number): CleanMetric {
  const ordered = name.replace(/^%\s+(.*)$/, "$1 (%)");
  const unitName = UNIT.exec(ordered)?.[1] ?? "";
  const unit = Object.hasOwn(UNITS, unitName) ? UNITS[unitName] : undefined;
  if (unit === undefined) {
    return { title: ordered, stem: `oceanstor_${words(ordered)}`, unit: "", divisor };
  }
  const title = ordered.replace(UNIT, "").trim();
  const body = `oceanstor_${words(title)}`;
  // "Read I/O ratio (%)" says it twice.
  const stem = body.endsWith(`_${unit.suffix}`) ? body.slice(0, -unit.suffix.length - 1) : body;
  const toUnit = showsAnotherUnit(unitName, divisor) ? 1 : divisor;
  return { title, stem, unit: unit.suffix, divisor: toUnit * unit.divisor };
}

/** The clean series name; `id` tells a metric from another one with the same name and unit. */
export function cleanSeries({ stem, unit }: CleanMetric, id?: number): string {
  return [stem, ...(id === undefined ? [] : [String(id)]), ...(unit === "" ? [] : [unit])].join(
    "_",
  );
}

/**
 * The divisor of some metrics turns them into a larger unit than their names say, and dashboards rely on
 * it; what is stored is in the unit of the name. Measured times of 1,000 in `(us)`, and one bandwidth.
 */
function showsAnotherUnit(unit: string, divisor: number): boolean {
  return (unit === "us" && divisor === 1000) || (unit === "KB/s" && divisor === 1024);
}

function words(name: string): string {
  return name
    .replace(/I\/O/gi, "io")
    .replaceAll("%", " percent ")
    .replace(/<=|≤/g, " le ")
    .replace(/>=|≥/g, " ge ")
    .replaceAll("<", " lt ")
    .replaceAll(">", " gt ")
    .replaceAll("+∞", "inf")
    .replaceAll("∞", "inf")
    .replaceAll("+", " plus ")
    .replaceAll("'", "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
}
