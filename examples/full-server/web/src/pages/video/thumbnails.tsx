import { videoApi } from "../../api/video-client.ts";
import type { Video } from "../../api/video-types.ts";
import { useLoaded } from "../../parts/use-loaded.ts";

const COUNT = 12;

interface Props {
  readonly video: Video;
  readonly shown: number | undefined;
  readonly onChoose: (frame: number) => void;
}

/** Key frames over the length of a video; each leads to its frame. */
export function Thumbnails({ video, shown = 0, onChoose }: Props) {
  const { value } = useLoaded(
    (signal) => videoApi.thumbnails(video.id, COUNT, { signal }),
    [video.id, video.sha256],
  );
  const thumbnails = value?.thumbnails ?? [];
  const current = thumbnails.findLastIndex(({ index }) => index <= shown);
  return (
    <fieldset class="thumbnails">
      <legend class="hidden">Key frames</legend>
      {thumbnails.map(({ index, time, image }, at) => (
        <button
          key={index}
          type="button"
          aria-pressed={at === current}
          onClick={() => onChoose(index)}
          title={`Frame ${index}`}
        >
          <img src={image} alt={`Frame ${index}`} />
          <span>{time.toFixed(1)} s</span>
        </button>
      ))}
    </fieldset>
  );
}
