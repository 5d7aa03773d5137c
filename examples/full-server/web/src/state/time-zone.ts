import type { Zone } from "../format/format-time.ts";
import { createStore, type Store } from "./store.ts";

const KEY = "millrace.zone";

/** The zone of all times that are shown; kept in this browser. */
export const timeZone: Store<Zone> = createStore<Zone>(
  localStorage.getItem(KEY) === "local" ? "local" : "utc",
);

timeZone.subscribe(() => localStorage.setItem(KEY, timeZone.get()));

/** UTC, or the name of the zone of this browser. */
export function zoneName(zone: Zone): string {
  return zone === "utc" ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone || "local time";
}
