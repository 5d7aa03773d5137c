import { useEffect, useState } from "preact/hooks";
import { formatTime, parseTime } from "../../format/format-time.ts";
import { timeZone, zoneName } from "../../state/time-zone.ts";
import { useStore } from "../../state/use-store.ts";
import type { WindowMs } from "./time-window.ts";

interface Props {
  readonly windowMs: WindowMs;
  readonly onApply: (windowMs: WindowMs) => void;
}

/** The window of a chart in figures, to be read, copied and typed. */
export function RangeForm({ windowMs: [fromMs, toMs], onApply }: Props) {
  const zone = useStore(timeZone);
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  useEffect(() => {
    setFrom(formatTime(fromMs, zone));
    setTo(formatTime(toMs, zone));
  }, [fromMs, toMs, zone]);
  const start = parseTime(from, zone);
  const end = parseTime(to, zone);
  const unreadable = start === undefined || end === undefined;
  const changed = from !== formatTime(fromMs, zone) || to !== formatTime(toMs, zone);
  const fields = [
    { label: `From (${zoneName(zone)})`, value: from, ms: start, set: setFrom },
    { label: "To", value: to, ms: end, set: setTo },
  ];
  return (
    <form
      class="range"
      onSubmit={(event) => {
        event.preventDefault();
        if (!unreadable && start < end) onApply([start, end]);
      }}
    >
      {fields.map(({ label, value, ms, set }) => (
        <label key={label}>
          <span>{label}</span>
          <input
            class="field"
            size={19}
            placeholder="2025-10-20 09:30"
            aria-invalid={ms === undefined}
            value={value}
            onInput={({ currentTarget }) => set(currentTarget.value)}
          />
        </label>
      ))}
      {changed && (
        <button type="submit" class="button main" disabled={unreadable || start >= end}>
          {unreadable
            ? "Write times as 2025-10-20 09:30"
            : start >= end
              ? "From must be before To"
              : "Show"}
        </button>
      )}
    </form>
  );
}
