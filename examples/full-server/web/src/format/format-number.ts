const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** 11921760 as 11,921,760. */
export function formatCount(value: number): string {
  return whole.format(value);
}

/** Decimal units, three digits: 1.25 GB. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.5 would round to 1000 of the smaller unit.
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const decimals = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(decimals)} ${BYTE_UNITS[unit]}`;
}

/** A rate: 12.5 MB/s. */
export function formatByteRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** A share of 0 to 1 as whole percent; never 100 before the end. */
export function formatShare(done: number, total: number): string {
  if (total <= 0) return "0 %";
  return `${done >= total ? 100 : Math.min(99, Math.floor((done / total) * 100))} %`;
}

/** A measured value, thousands as k, M, G; `decimals` where it is small. */
export function formatFigure(value: number | null | undefined, decimals = 2): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e10) return `${(value / 1e9).toFixed(1)}G`;
  if (size >= 1e7) return `${(value / 1e6).toFixed(1)}M`;
  if (size >= 1e5) return `${(value / 1e3).toFixed(0)}k`;
  return size >= 1000 ? whole.format(value) : value.toFixed(decimals);
}

/** Decimals that figures up to `most` share, so that their digits line up. */
export function decimalsFor(most: number): number {
  return most >= 300 ? 0 : most >= 20 ? 1 : most >= 0.3 ? 2 : 3;
}

/** A label of an axis. */
export function formatTick(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${Number((value / 1e9).toPrecision(4))}G`;
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(4))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(4))}k`;
  return size >= 1000 ? whole.format(value) : String(Number(value.toPrecision(6)));
}
