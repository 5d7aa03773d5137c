import { useState } from "preact/hooks";
import { api } from "../../api/client.ts";
import type { StorageArray } from "../../api/types.ts";
import { formatCount } from "../../format/format-number.ts";
import { formatDuration } from "../../format/format-time.ts";
import { ConfirmDialog } from "../../parts/confirm-dialog.tsx";
import { Link } from "../../parts/link.tsx";
import { Moment } from "../../parts/moment.tsx";
import { reloadArrays } from "../../state/live-lists.ts";
import { timeZone, zoneName } from "../../state/time-zone.ts";
import { useStore } from "../../state/use-store.ts";

/** One row for each array, with what can be done with it. */
export function ArrayTable({ arrays }: { readonly arrays: readonly StorageArray[] }) {
  const [doomed, setDoomed] = useState<StorageArray>();
  const zone = zoneName(useStore(timeZone));
  return (
    <>
      <div class="card scroll">
        <table class="list stack">
          <thead>
            <tr>
              <th scope="col">Array</th>
              <th scope="col">Interval</th>
              <th scope="col">From ({zone})</th>
              <th scope="col">To ({zone})</th>
              <th scope="col" class="number">
                Samples
              </th>
              <th scope="col" class="number">
                Series
              </th>
              <th scope="col">Last load</th>
              <th scope="col">
                <span class="hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {arrays.map((array) => (
              <ArrayRow key={array.serial} array={array} onDelete={() => setDoomed(array)} />
            ))}
          </tbody>
        </table>
      </div>
      {doomed !== undefined && (
        <ConfirmDialog
          title={`Delete ${doomed.serial}?`}
          action="Delete array"
          onClose={() => setDoomed(undefined)}
          onConfirm={async () => {
            await api.deleteArray(doomed.serial);
            await reloadArrays();
          }}
        >
          <p>
            {formatCount(doomed.samples)} samples of {formatCount(doomed.series)} series are deleted
            from the database. Other arrays and other data stay. To have them back, load the
            archives again.
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}

interface RowProps {
  readonly array: StorageArray;
  readonly onDelete: () => void;
}

function ArrayRow({ array, onDelete }: RowProps) {
  const { serial, model, intervals, intervalSeconds, timeRangeMs, grafanaUrl } = array;
  const [fromMs, toMs] = timeRangeMs;
  const shown = intervals.length > 0 ? intervals : [intervalSeconds];
  return (
    <tr>
      <th scope="row">
        <Link href={`/charts?array=${encodeURIComponent(serial)}`} class="name">
          {serial}
        </Link>
        <span class="muted below name">{model || "model not told"}</span>
      </th>
      <td data-label="Interval" class="whole">
        {shown.map((seconds) => (
          <span key={seconds} class="badge">
            {formatDuration(seconds * 1000)}
          </span>
        ))}
      </td>
      <td data-label="From">
        <Moment ms={fromMs} />
      </td>
      <td data-label="To">
        <Moment ms={toMs} />
        <span class="muted below">{formatDuration(toMs - fromMs + intervalSeconds * 1000)}</span>
      </td>
      <td data-label="Samples" class="number">
        {formatCount(array.samples)}
      </td>
      <td data-label="Series" class="number">
        {formatCount(array.series)}
      </td>
      <td data-label="Last load">
        <Moment ms={array.lastLoadMs} rough />
        <span class="muted below">
          {array.loads === 1 ? "1 load" : `${formatCount(array.loads)} loads`}
        </span>
      </td>
      <td class="actions">
        <Link href={`/charts?array=${encodeURIComponent(serial)}`} class="button small">
          Charts<span class="hidden"> of {serial}</span>
        </Link>
        {grafanaUrl !== null && (
          <a href={grafanaUrl} target="_blank" rel="noopener" class="button small">
            Grafana<span class="hidden">, {serial}, opens a new tab</span>
          </a>
        )}
        <button type="button" class="button small danger" onClick={onDelete}>
          Delete<span class="hidden"> {serial}</span>
        </button>
      </td>
    </tr>
  );
}
