import { formatTime } from "../format/format-time.ts";
import { timeZone } from "../state/time-zone.ts";
import { useStore } from "../state/use-store.ts";

/** A moment in the zone that was chosen. */
export function Moment({ ms }: { readonly ms: number }) {
  const zone = useStore(timeZone);
  return <time dateTime={new Date(ms).toISOString()}>{formatTime(ms, zone)}</time>;
}
