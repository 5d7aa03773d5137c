import { formatByteRate, formatBytes, formatShare } from "../../format/format-number.ts";
import { formatDuration } from "../../format/format-time.ts";
import { FileButton } from "../../parts/file-button.tsx";
import { Notice } from "../../parts/notice.tsx";
import { TARGETS } from "../../parts/target-label.ts";
import { ACCEPTED_TYPES, type UploadItem, type UploadState } from "./upload-item.ts";
import { addFiles, cancelUpload, removeUpload, retryUpload } from "./uploads.ts";

const LABELS: Readonly<Record<UploadState, string>> = {
  waiting: "Waiting",
  uploading: "Sending",
  failed: "Failed",
  cancelled: "Cancelled",
  refused: "Refused",
  unfinished: "Unfinished",
};

/** One file on its way, with what can be done about it. */
export function UploadRow({ item }: { readonly item: UploadItem }) {
  const { id, filename, sizeBytes, target, state, sentBytes, message } = item;
  const name = <span class="hidden"> {filename}</span>;
  return (
    <li class="row">
      <div class="head">
        <span class={`state ${state}`}>{LABELS[state]}</span>
        <b class="name">{filename}</b>
        <span class="muted">
          {formatBytes(sizeBytes)} · {TARGETS[target].label}
        </span>
        <span class="actions">
          {state === "unfinished" && (
            <FileButton
              label="Choose the file again"
              class="button small main"
              accept={ACCEPTED_TYPES}
              onFiles={(files) => addFiles(files, target)}
            />
          )}
          {(state === "failed" || state === "cancelled") && (
            <button type="button" class="button small" onClick={() => retryUpload(id)}>
              Retry{name}
            </button>
          )}
          {state === "waiting" || state === "uploading" ? (
            <button type="button" class="button small" onClick={() => void cancelUpload(id)}>
              Cancel{name}
            </button>
          ) : (
            <button type="button" class="button small danger" onClick={() => void removeUpload(id)}>
              {state === "unfinished" ? "Discard" : "Remove"}
              {name}
            </button>
          )}
        </span>
      </div>
      {(state === "uploading" || state === "unfinished") && (
        <>
          <progress aria-label={`Sent of ${filename}`} max={sizeBytes} value={sentBytes} />
          <p class="words">{wordsOf(item)}</p>
        </>
      )}
      {message !== undefined && (
        <Notice kind={state === "failed" || state === "refused" ? "error" : "note"}>
          {message}
        </Notice>
      )}
    </li>
  );
}

function wordsOf({ state, sentBytes, sizeBytes, bytesPerSecond }: UploadItem): string {
  const sent = `${formatBytes(sentBytes)} of ${formatBytes(sizeBytes)}`;
  if (state === "unfinished") {
    return `The server has ${sent}. A page that was reloaded cannot read the file: choose it again and it goes on from there.`;
  }
  if (sentBytes >= sizeBytes) return "Sent; waiting for the server to take it";
  const words = [
    formatShare(sentBytes, sizeBytes),
    sent,
    bytesPerSecond > 0 && formatByteRate(bytesPerSecond),
    bytesPerSecond > 0 &&
      `${formatDuration(((sizeBytes - sentBytes) / bytesPerSecond) * 1000)} left`,
  ];
  return words.filter(Boolean).join(" · ");
}
