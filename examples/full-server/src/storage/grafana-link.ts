import { grafanaUrl } from "@millrace/ingest/grafana";
import type { ServerSettings } from "../settings.ts";
import type { StorageArray } from "./array-catalog.ts";

/** Opens an array's dashboard at its own time range; null where nobody said where Grafana is. */
export function grafanaLink(
  { grafanaUrl: base }: ServerSettings,
  ...arrays: readonly Pick<StorageArray, "serial" | "intervalSeconds" | "timeRangeMs">[]
): string | null {
  if (base === undefined || arrays.length === 0) return null;
  return grafanaUrl({
    grafanaUrl: base,
    serials: arrays.map(({ serial }) => serial),
    intervalSeconds: Math.max(1, Math.min(...arrays.map(({ intervalSeconds }) => intervalSeconds))),
    fromMs: Math.min(...arrays.map(({ timeRangeMs: [from] }) => from)),
    toMs: Math.max(...arrays.map(({ timeRangeMs: [, to] }) => to)),
  });
}
