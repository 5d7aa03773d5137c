import { useRef, useState } from "preact/hooks";
import { messageOf } from "../../api/api-error.ts";
import { videoApi } from "../../api/video-client.ts";
import type { Video } from "../../api/video-types.ts";
import { formatBytes, formatShare } from "../../format/format-number.ts";
import { DropZone } from "../../parts/drop-zone.tsx";
import { Notice } from "../../parts/notice.tsx";

const ACCEPTED = "video/*,.mp4,.mov,.mkv,.webm,.ts,.m2ts,.avi,.h264";

interface Sending {
  readonly name: string;
  readonly sizeBytes: number;
  /** 0 to 1. */
  readonly share: number;
  readonly problem?: string;
}

interface Props {
  readonly maxVideoBytes: number;
  readonly onUploaded: (video: Video) => Promise<void>;
}

/** Sends videos to the server, one after another. */
export function VideoUploads({ maxVideoBytes, onUploaded }: Props) {
  const [items, setItems] = useState<readonly Sending[]>([]);
  const queue = useRef<Promise<void>>(Promise.resolve());
  const change = (name: string, part: Partial<Sending>): void =>
    setItems((now) => now.map((item) => (item.name === name ? { ...item, ...part } : item)));

  const send = async (file: File): Promise<void> => {
    try {
      const { signal } = new AbortController();
      const onProgress = (share: number): void => change(file.name, { share });
      const video = await videoApi.upload(file, { onProgress, signal });
      await onUploaded(video);
      setItems((now) => now.filter(({ name }) => name !== file.name));
    } catch (error) {
      change(file.name, { problem: messageOf(error) });
    }
  };
  const add = (files: readonly File[]): void => {
    const names = new Set(files.map(({ name }) => name));
    setItems((now) => [
      ...now.filter(({ name }) => !names.has(name)),
      ...files.map(({ name, size }) => ({ name, sizeBytes: size, share: 0 })),
    ]);
    for (const file of files) queue.current = queue.current.then(() => send(file));
  };
  return (
    <>
      <DropZone
        title="Drop videos here"
        hint={`MP4, MOV, MKV, WebM, TS, AVI; up to ${formatBytes(maxVideoBytes)} each`}
        accept={ACCEPTED}
        onFiles={add}
      />
      {items.length > 0 && (
        <ul class="card sending">
          {items.map(({ name, sizeBytes, share, problem }) => (
            <li key={name} class="row">
              <div class="head">
                <span class={`state ${problem === undefined ? "uploading" : "refused"}`}>
                  {problem !== undefined ? "Refused" : share < 1 ? "Sending" : "Indexing"}
                </span>
                <b class="name">{name}</b>
                <span class="muted">
                  {formatBytes(sizeBytes)}
                  {problem === undefined && ` · ${formatShare(share, 1)}`}
                </span>
              </div>
              {problem === undefined ? (
                <progress aria-label={`Sent of ${name}`} max={1} value={share} />
              ) : (
                <Notice kind="error">{problem}</Notice>
              )}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
