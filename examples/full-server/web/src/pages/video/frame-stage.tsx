import { useLayoutEffect, useRef } from "preact/hooks";
import type { FrameDetections, FramePicture, Video } from "../../api/video-types.ts";
import { drawBoxes } from "./draw-boxes.ts";

interface Props {
  readonly video: Video;
  readonly picture: FramePicture | undefined;
  readonly found: FrameDetections | undefined;
  /** 1 fits into the page. */
  readonly zoom: number;
}

/** A frame, and over it what was found in it. */
export function FrameStage({ video, picture, found, zoom }: Props) {
  const frame = useRef<HTMLCanvasElement>(null);
  const boxes = useRef<HTMLCanvasElement>(null);
  const { displayWidth, displayHeight } = video;

  // Before the browser draws: picture, boxes and words change together.
  useLayoutEffect(() => {
    const canvas = frame.current;
    if (canvas === null || picture === undefined) return;
    canvas.width = picture.bitmap.width;
    canvas.height = picture.bitmap.height;
    canvas.getContext("2d")?.drawImage(picture.bitmap, 0, 0);
    canvas.dataset["frame"] = String(picture.index);
  }, [picture]);

  useLayoutEffect(() => {
    const canvas = boxes.current;
    if (canvas === null) return;
    drawBoxes(canvas, found?.detections ?? [], displayWidth, displayHeight);
    canvas.dataset["frame"] = String(found?.index ?? "");
    canvas.dataset["boxes"] = JSON.stringify(found?.detections.map(({ box }) => box) ?? []);
  }, [found, zoom, displayWidth, displayHeight]);

  const small = displayHeight < 400 ? "pixels" : "";
  return (
    <div class="stage card">
      <div
        class="layers"
        style={{
          aspectRatio: `${displayWidth} / ${displayHeight}`,
          width: `calc(${zoom} * min(100%, 62vh * ${displayWidth / displayHeight}))`,
        }}
      >
        <canvas
          ref={frame}
          class={small}
          role="img"
          aria-label={picture === undefined ? "No frame yet" : `Frame ${picture.index}`}
        />
        <canvas ref={boxes} class="boxes" />
      </div>
    </div>
  );
}
