import { className } from "../detect/detections.ts";
import type { Tracks } from "../track/tracks.ts";
import type { Canvas } from "./canvas.ts";
import { drawBoxes } from "./draw-detections.ts";
import { labelColor } from "./label-color.ts";

/** Draws boxes with the track's number and class; a track keeps its colour. */
export function drawTracks(canvas: Canvas, tracks: Tracks): void {
  const { trackIds, classIds, classNames } = tracks;
  drawBoxes(canvas, tracks, (i) => {
    const id = trackIds[i] as number;
    return {
      text: `#${id} ${className(classNames, classIds[i] as number)}`,
      color: labelColor(id),
    };
  });
}
