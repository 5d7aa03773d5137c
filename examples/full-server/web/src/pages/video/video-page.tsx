import { useCallback, useEffect, useState } from "preact/hooks";
import { messageOf } from "../../api/api-error.ts";
import { videoApi } from "../../api/video-client.ts";
import type { Video, VideoList } from "../../api/video-types.ts";
import { formatBytes, formatCount } from "../../format/format-number.ts";
import { ConfirmDialog } from "../../parts/confirm-dialog.tsx";
import { Notice } from "../../parts/notice.tsx";
import { navigate, place } from "../../state/routing.ts";
import { useStore } from "../../state/use-store.ts";
import { StatisticsStrip } from "./statistics-strip.tsx";
import { VideoUploads } from "./video-uploads.tsx";
import { VideoViewer } from "./video-viewer.tsx";

/** Videos, frame by frame, and what a model finds in them. The address says which video is shown. */
export function VideoPage() {
  const { search } = useStore(place);
  const [leaving, setLeaving] = useState<Video>();
  const [value, setValue] = useState<VideoList>();
  const [problem, setProblem] = useState<string>();
  /** The address changes afterwards, so that it never names a video that the list does not have. */
  const reload = useCallback(async (): Promise<void> => {
    try {
      setValue(await videoApi.list());
      setProblem(undefined);
    } catch (error) {
      setProblem(messageOf(error));
    }
  }, []);
  const videos = value?.videos ?? [];
  const id = new URLSearchParams(search).get("video");
  const video = videos.find((one) => one.id === id);
  const newest = videos[0]?.id;

  useEffect(() => void reload(), [reload]);
  useEffect(() => {
    if (newest !== undefined && id === null) navigate(addressOf(newest), { replace: true });
  }, [id, newest]);

  const onUploaded = async (uploaded: Video): Promise<void> => {
    await reload();
    navigate(addressOf(uploaded.id), { replace: true });
  };
  const remove = async (one: Video): Promise<void> => {
    await videoApi.delete(one.id);
    await reload();
    navigate("/video", { replace: true });
  };

  return (
    <>
      <div class="title together">
        <h1>Video</h1>
        {videos.length > 0 && (
          <select
            class="field"
            aria-label="Video"
            value={id ?? ""}
            onChange={({ currentTarget }) => navigate(addressOf(currentTarget.value))}
          >
            {video === undefined && <option value={id ?? ""}>{id ?? "Choose a video"}</option>}
            {videos.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        )}
        {video !== undefined && (
          <>
            <span class="muted">{factsOf(video)}</span>
            <button type="button" class="button small danger" onClick={() => setLeaving(video)}>
              Delete
            </button>
          </>
        )}
      </div>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      {video !== undefined && value !== undefined && (
        <VideoViewer key={video.id + video.sha256} video={video} hasModel={value.hasModel} />
      )}
      {video === undefined && id !== null && value !== undefined && (
        <Notice kind="error">This server has no video {id}. Choose another, or upload it.</Notice>
      )}
      <StatisticsStrip />
      {value !== undefined && (
        <section aria-label="Upload">
          <VideoUploads maxVideoBytes={value.maxVideoBytes} onUploaded={onUploaded} />
        </section>
      )}
      {leaving !== undefined && (
        <ConfirmDialog
          title={`Delete ${leaving.name}?`}
          action="Delete the video"
          onConfirm={() => remove(leaving)}
          onClose={() => setLeaving(undefined)}
        >
          <p>Its file is deleted from the server.</p>
        </ConfirmDialog>
      )}
    </>
  );
}

function addressOf(id: string): string {
  return `/video?video=${encodeURIComponent(id)}`;
}

function factsOf(video: Video): string {
  const { displayWidth, displayHeight, fps, codec, frameCount, sizeBytes, indexMs } = video;
  return [
    `${displayWidth} × ${displayHeight}`,
    codec,
    `${formatCount(frameCount)} frames`,
    `${Number(fps.toFixed(3))} fps`,
    formatBytes(sizeBytes),
    `indexed in ${indexMs} ms`,
  ].join(" · ");
}
