import { useEffect, useState } from "preact/hooks";
import { fromTimeField, toTimeField } from "../../format/format-time.ts";
import { timeZone, zoneName } from "../../state/time-zone.ts";
import { useStore } from "../../state/use-store.ts";
import type { WindowMs } from "./time-window.ts";

interface Props {
  readonly windowMs: WindowMs;
  readonly onApply: (windowMs: WindowMs) => void;
}

/** The window of a chart in figures. */
export function RangeForm({ windowMs: [fromMs, toMs], onApply }: Props) {
  const zone = useStore(timeZone);
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  useEffect(() => {
    setFrom(toTimeField(fromMs, zone));
    setTo(toTimeField(toMs, zone));
  }, [fromMs, toMs, zone]);
  const start = fromTimeField(from, zone);
  const end = fromTimeField(to, zone);
  const valid = start !== undefined && end !== undefined && start < end;
  const changed = from !== toTimeField(fromMs, zone) || to !== toTimeField(toMs, zone);
  return (
    <form
      class="range"
      onSubmit={(event) => {
        event.preventDefault();
        if (valid) onApply([start, end]);
      }}
    >
      <label>
        <span>From ({zoneName(zone)})</span>
        <input
          class="field"
          type="datetime-local"
          step={1}
          required
          value={from}
          onInput={({ currentTarget }) => setFrom(currentTarget.value)}
        />
      </label>
      <label>
        <span>To</span>
        <input
          class="field"
          type="datetime-local"
          step={1}
          required
          value={to}
          onInput={({ currentTarget }) => setTo(currentTarget.value)}
        />
      </label>
      {changed && (
        <button type="submit" class="button main" disabled={!valid}>
          {valid ? "Show" : "From must be before To"}
        </button>
      )}
    </form>
  );
}
