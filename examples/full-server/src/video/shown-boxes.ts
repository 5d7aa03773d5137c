import type { VideoInfo } from "@millrace/video-index";
import type { Detections } from "@millrace/video-index/tasks";

type Shape = Pick<
  VideoInfo,
  "codedWidth" | "codedHeight" | "displayWidth" | "displayHeight" | "rotation"
>;

/**
 * Detections with boxes in pixels of the picture as it is shown: upright, with square pixels, `displayWidth` across.
 *
 * @param detections - with boxes in coded pixels
 */
export function shownBoxes(detections: Detections, shape: Shape): Detections {
  const { codedWidth, codedHeight, displayWidth, displayHeight, rotation } = shape;
  const turned = rotation === 90 || rotation === 270;
  const scaleX = (turned ? displayHeight : displayWidth) / codedWidth;
  const scaleY = (turned ? displayWidth : displayHeight) / codedHeight;
  const boxes = new Float32Array(detections.boxes.length);
  for (let at = 0; at < boxes.length; at += 4) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = detections.boxes.subarray(at, at + 4);
    const [left, top, right, bottom] = [x1 * scaleX, y1 * scaleY, x2 * scaleX, y2 * scaleY];
    // Clockwise: what was on top is on the right.
    const box =
      rotation === 90
        ? [displayWidth - bottom, left, displayWidth - top, right]
        : rotation === 180
          ? [displayWidth - right, displayHeight - bottom, displayWidth - left, displayHeight - top]
          : rotation === 270
            ? [top, displayHeight - right, bottom, displayHeight - left]
            : [left, top, right, bottom];
    boxes.set(box, at);
  }
  return { ...detections, boxes };
}
