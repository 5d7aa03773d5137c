import { formatMinute, formatTime } from "../format/format-time.ts";
import { timeZone } from "../state/time-zone.ts";
import { useStore } from "../state/use-store.ts";

interface Props {
  readonly ms: number;
  /** Leaves the seconds out. */
  readonly rough?: boolean;
}

/** A moment in the zone that was chosen. */
export function Moment({ ms, rough = false }: Props) {
  const zone = useStore(timeZone);
  return (
    <time dateTime={new Date(ms).toISOString()}>
      {(rough ? formatMinute : formatTime)(ms, zone)}
    </time>
  );
}
