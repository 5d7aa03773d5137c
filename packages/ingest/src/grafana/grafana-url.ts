import { MillraceError } from "@millrace/core";
import type { Naming } from "../oceanstor/id-tables.ts";
import { DASHBOARD_UIDS } from "./grafana-dashboards.ts";

/** What Grafana is to show. */
export interface GrafanaUrlOptions {
  /** Where Grafana is, a path included: `http://localhost:3000`. */
  readonly grafanaUrl: string;
  /** Serial numbers of the arrays. @defaultValue all that the database holds in the time range */
  readonly serials?: readonly string[];
  /** Collection interval, below which no step is drawn. @defaultValue the smallest of these arrays */
  readonly intervalSeconds?: number;
  /** First time that is shown. */
  readonly fromMs: number;
  /** Last time that is shown. */
  readonly toMs: number;
  /** The naming that the archives were loaded with. @defaultValue "seed" */
  readonly naming?: Naming;
}

/**
 * The address that opens the main dashboard with these arrays, this interval and this time range.
 *
 * @throws MillraceError INVALID_OPTION when an address is none, or a time range ends before it begins
 * @example
 * ```ts
 * import { grafanaUrl } from "@millrace/ingest/grafana";
 *
 * const url = grafanaUrl({
 *   grafanaUrl: "http://localhost:3000",
 *   serials: ["2102355THQFSQ2100014"],
 *   intervalSeconds: 60,
 *   fromMs: Date.UTC(2025, 9, 20),
 *   toMs: Date.UTC(2025, 9, 21),
 * });
 * console.log(url); // http://localhost:3000/d/huawei-oceanstor-real/huawei-oceanstor?var-SN=…
 * ```
 */
export function grafanaUrl(options: GrafanaUrlOptions): string {
  const {
    grafanaUrl: base,
    serials = [],
    intervalSeconds,
    fromMs,
    toMs,
    naming = "seed",
  } = options;
  const url = URL.canParse(base) ? new URL(base) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    refuse("grafanaUrl", `${base} is no address; give one such as http://localhost:3000.`);
  }
  if (!(Number.isFinite(fromMs) && Number.isFinite(toMs) && fromMs <= toMs)) {
    refuse("fromMs", `the time range ${fromMs} to ${toMs} is none; give milliseconds since 1970.`);
  }
  if (intervalSeconds !== undefined && !(intervalSeconds > 0 && Number.isFinite(intervalSeconds))) {
    refuse("intervalSeconds", `${intervalSeconds} is no interval; give seconds above 0.`);
  }
  url.pathname = `${url.pathname.replace(/\/+$/, "")}/d/${DASHBOARD_UIDS[naming]}/huawei-oceanstor`;
  url.hash = "";
  const query = url.searchParams;
  for (const serial of serials.length === 0 ? ["$__all"] : serials) query.append("var-SN", serial);
  if (intervalSeconds !== undefined) query.set("var-min_interval", String(intervalSeconds));
  query.set("from", String(Math.floor(fromMs)));
  query.set("to", String(Math.ceil(toMs)));
  return url.href;
}

function refuse(option: string, problem: string): never {
  throw new MillraceError("INVALID_OPTION", `${option}: ${problem}`);
}
