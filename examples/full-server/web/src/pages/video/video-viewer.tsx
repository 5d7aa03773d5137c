import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Video } from "../../api/video-types.ts";
import { Notice } from "../../parts/notice.tsx";
import { FrameFacts } from "./frame-facts.tsx";
import { FrameStage } from "./frame-stage.tsx";
import { Thumbnails } from "./thumbnails.tsx";
import { usePlayer } from "./use-player.ts";

const FAR = 10;
const ZOOM_STEP = 1.25;
const MOST_ZOOM = 5;
/** Widths that pictures are asked for with, so that a page that grows slowly does not ask for each. */
const WIDTH_STEP = 160;

interface Props {
  readonly video: Video;
  readonly hasModel: boolean;
}

/** One video: its frames, by slider and by keys. */
export function VideoViewer({ video, hasModel }: Props) {
  const [inference, setInference] = useState(hasModel);
  const [zoom, setZoom] = useState(1);
  const viewer = useRef<HTMLDivElement>(null);
  const width = usePictureWidth(viewer, video, zoom);
  const player = usePlayer(video, inference && hasModel, width);
  const { wanted, picture, found, playing, problem, go, step, toggle } = player;
  const last = video.frameCount - 1;

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const far = event.shiftKey ? FAR : 1;
      const zoomBy = (factor: number): void =>
        setZoom((now) => Math.min(MOST_ZOOM, Math.max(1, now * factor)));
      const actions: Readonly<Record<string, () => void>> = {
        ArrowLeft: () => step(-far),
        ArrowRight: () => step(far),
        Home: () => go(0),
        End: () => go(last),
        " ": toggle,
        "+": () => zoomBy(ZOOM_STEP),
        "=": () => zoomBy(ZOOM_STEP),
        "-": () => zoomBy(1 / ZOOM_STEP),
        "0": () => setZoom(1),
      };
      const action = actions[event.key];
      if (action === undefined || (event.key === " " && takesSpace(event.target))) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });

  return (
    <div class="viewer" ref={viewer}>
      <FrameStage video={video} picture={picture} found={found} zoom={zoom} />
      <div class="transport">
        <button type="button" class="button" aria-pressed={playing} onClick={toggle}>
          {playing ? "Pause" : "Play"}
        </button>
        <input
          type="range"
          aria-label="Frame"
          min={0}
          max={last}
          value={wanted}
          onInput={({ currentTarget }) => go(Number(currentTarget.value))}
        />
        {hasModel && (
          <label class="check">
            <input
              type="checkbox"
              checked={inference}
              onChange={({ currentTarget }) => setInference(currentTarget.checked)}
            />
            Detect
          </label>
        )}
      </div>
      <FrameFacts video={video} picture={picture} found={found} inference={inference && hasModel} />
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      {video.warnings.map((warning) => (
        <Notice key={warning}>{warning}</Notice>
      ))}
      <Thumbnails video={video} shown={picture?.index} onChoose={go} />
      <p class="keys muted">
        <kbd>←</kbd> <kbd>→</kbd> one frame, with <kbd>Shift</kbd> ten · <kbd>Space</kbd> play ·{" "}
        <kbd>+</kbd> <kbd>−</kbd> zoom, <kbd>0</kbd> whole picture
        {!hasModel && " · to find objects, start the server with a model (videoModel)"}
      </p>
    </div>
  );
}

/** Pixels that the page has for a picture; undefined where that is as many as the video has. */
function usePictureWidth(
  element: { readonly current: HTMLElement | null },
  { displayWidth }: Video,
  zoom: number,
): number | undefined {
  const [room, setRoom] = useState(() => innerWidth);
  useLayoutEffect(() => {
    if (element.current === null) return;
    const observer = new ResizeObserver(([entry]) => setRoom(entry?.contentRect.width ?? 0));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  const wanted = Math.ceil((room * zoom * devicePixelRatio) / WIDTH_STEP) * WIDTH_STEP;
  return wanted >= displayWidth ? undefined : wanted;
}

/** What has the focus and is pressed by the space bar. */
function takesSpace(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return target.type === "checkbox";
  return target instanceof HTMLButtonElement;
}

/** Whether keys belong to a field. The slider's own steps are those of these pages. */
function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return !["range", "checkbox"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}
