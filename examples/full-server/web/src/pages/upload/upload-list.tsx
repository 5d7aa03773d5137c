import { formatByteRate, formatBytes } from "../../format/format-number.ts";
import { formatDuration } from "../../format/format-time.ts";
import { totalsOf, type UploadItem } from "./upload-item.ts";
import { UploadRow } from "./upload-row.tsx";

/** The files of this browser that have not arrived. */
export function UploadList({ items }: { readonly items: readonly UploadItem[] }) {
  const totals = totalsOf(items);
  const left = totals.sizeBytes - totals.sentBytes;
  const words = [
    totals.uploading > 0 && `${totals.uploading} on the way`,
    totals.waiting > 0 && `${totals.waiting} waiting for their turn`,
    totals.sizeBytes > 0 && `${formatBytes(totals.sentBytes)} of ${formatBytes(totals.sizeBytes)}`,
    totals.bytesPerSecond > 0 && formatByteRate(totals.bytesPerSecond),
    totals.bytesPerSecond > 0 && `${formatDuration((left / totals.bytesPerSecond) * 1000)} left`,
  ];
  return (
    <section aria-labelledby="uploads-title">
      <header>
        <h2 id="uploads-title">From this browser</h2>
        <span class="muted">{words.filter(Boolean).join(" · ")}</span>
      </header>
      <ul class="card rows" aria-label="Files that are sent">
        {items.map((item) => (
          <UploadRow key={item.id} item={item} />
        ))}
      </ul>
    </section>
  );
}
