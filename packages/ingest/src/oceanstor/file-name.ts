import type { MemberIdentity } from "../parser/archive-parser.ts";

/** What the name of a period file says. */
export interface PeriodFileName {
  /** Serial number of the array; undefined where the name has none. */
  readonly serial: string | undefined;
  /** Controller, as in `SP0`; undefined where the name has none. */
  readonly controller: string | undefined;
}

/** `PerfData_<Model>_SN_<SN>_SP<k>_<n>_<YYYYMMDDHHMMSS>[DST]`; the stamp is local to the array. */
const SERIAL = /_SN_([0-9A-Z]+)_SP\d+/;
const CONTROLLER = /_(SP\d+)_/;
const STAMP = /_(\d{14})(DST)?(?=\.|$)/;
/** Collectors name files after the array's address: `(10.7.39.180)host_Perf_…`. */
const ADDRESS = /\((\d+(?:\.\d+)*)\)/;

/**
 * The serial and the controller in a file's name.
 *
 * Serial: `_SN_<serial>_SP<k>`, else the first address in parentheses with `_` for dots.
 */
export function readFileName(path: string): PeriodFileName {
  const name = baseName(path);
  const serial = SERIAL.exec(name)?.[1] ?? ADDRESS.exec(name)?.[1]?.replaceAll(".", "_");
  return { serial, controller: CONTROLLER.exec(name)?.[1] };
}

/**
 * Which files are period files, and their order: by array, controller and stamp. The stamp only sorts;
 * times come from the data, because the stamp is local time and repeats when clocks go back.
 */
export function identifyPeriodFile(path: string): MemberIdentity | undefined {
  if (!/\.(tgz|tar\.gz|dat)$/i.test(path)) return undefined;
  const name = baseName(path);
  const { serial, controller } = readFileName(path);
  const [, stamp, dst] = STAMP.exec(name) ?? [];
  const order = stamp === undefined ? name : dst === undefined ? stamp : standardTime(stamp);
  return { stream: `${serial ?? ""} ${controller ?? ""}`, order };
}

/** A stamp of daylight saving time, one hour earlier: so the hour that comes twice sorts by time. */
function standardTime(stamp: string): string {
  const field = (at: number, length = 2): number => Number(stamp.slice(at, at + length));
  const hour = field(8) - 1;
  const time = Date.UTC(field(0, 4), field(4) - 1, field(6), hour, field(10), field(12));
  return Number.isNaN(time) ? stamp : new Date(time).toISOString().replace(/\D/g, "").slice(0, 14);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
