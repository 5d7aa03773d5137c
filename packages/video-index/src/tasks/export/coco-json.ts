import { type Detections, eachDetection } from "../detect/detections.ts";
import type { TaskItem } from "../run/task-item.ts";
import type { Segments } from "../segment/segment.ts";
import type { Tracks } from "../track/tracks.ts";

/** What {@link cocoJson} takes. */
export interface CocoOptions {
  /** Coded pixels of the frames. */
  readonly width: number;
  readonly height: number;
  /** Name of the picture of a frame, as another tool will look for it. @defaultValue `frame-000012.jpg` */
  readonly fileName?: (index: number) => string;
}

/**
 * Results in the JSON of the COCO data set, made as they come: `annotations` first, then `images` and `categories`,
 * for which the numbers of the frames are remembered and nothing else.
 *
 * A category's id is the class number, an image's the frame's number. Segments come with polygons in pixels (COCO
 * knows no holes in them, so holes are left out), tracks with `track_id`. Frames that failed are left out.
 *
 * @param items - of `detect`, `segment` or `track`
 * @example
 * ```ts no-run
 * import { createWriteStream } from "node:fs";
 * import { Readable } from "node:stream";
 * import { pipeline } from "node:stream/promises";
 * import { cocoJson, type Detections, type TaskItem } from "@millrace/video-index/tasks";
 *
 * declare const items: AsyncIterable<TaskItem<Detections>>;
 *
 * const json = cocoJson(items, { width: 1920, height: 1080 });
 * await pipeline(Readable.from(json), createWriteStream("clip.coco.json"));
 * ```
 */
export async function* cocoJson(
  items: AsyncIterable<TaskItem<Detections>>,
  options: CocoOptions,
): AsyncGenerator<string, void> {
  const { width, height, fileName = defaultFileName } = options;
  const frames: { readonly index: number; readonly time: number }[] = [];
  const categories = new Map<number, string>();
  let annotations = 0;
  yield '{"annotations":[';
  for await (const item of items) {
    item.frame?.close();
    if (item.status === "error") continue;
    frames.push({ index: item.index, time: item.time });
    item.result.classNames.forEach((name, classId) => {
      categories.set(classId, name);
    });
    let text = "";
    let i = 0;
    for (const { box, score, classId, className } of eachDetection(item.result)) {
      categories.set(classId, className);
      const annotation = {
        id: ++annotations,
        image_id: item.index,
        category_id: classId,
        ...shapeOf(item.result, i, box, options),
        iscrowd: 0,
        score: Math.round(score * 1e4) / 1e4,
      };
      text += `${annotations > 1 ? "," : ""}\n${JSON.stringify(annotation)}`;
      i += 1;
    }
    if (text !== "") yield text;
  }
  yield '\n],"images":[';
  for (const [at, { index, time }] of frames.entries()) {
    const image = { id: index, width, height, file_name: fileName(index), time };
    yield `${at > 0 ? "," : ""}\n${JSON.stringify(image)}`;
  }
  const named = [...categories].map(([id, name]) => ({ id, name }));
  yield `\n],"categories":${JSON.stringify(named)}}\n`;
}

function defaultFileName(index: number): string {
  return `frame-${String(index).padStart(6, "0")}.jpg`;
}

function shapeOf(
  detections: Detections & Partial<Segments> & Partial<Tracks>,
  i: number,
  [x1, y1, x2, y2]: readonly [number, number, number, number],
  { width, height }: CocoOptions,
): Readonly<Record<string, unknown>> {
  const polygons = detections.polygons?.(i).filter((polygon) => signedArea(polygon) > 0);
  const pixels = polygons?.map((polygon) =>
    Array.from(polygon, (value, k) => Math.round(value * (k % 2 === 0 ? width : height))),
  );
  const mask = detections.masks?.[i];
  return {
    bbox: [x1, y1, x2 - x1, y2 - y1].map((value) => Math.round(value * 100) / 100),
    area: mask ? mask.data.reduce((sum, pixel) => sum + pixel, 0) : (x2 - x1) * (y2 - y1),
    ...(pixels && { segmentation: pixels }),
    ...(detections.trackIds && { track_id: detections.trackIds[i] }),
  };
}

/** Above 0 for what runs clockwise as one sees it, y going down. */
function signedArea(polygon: Float64Array): number {
  let area = 0;
  for (let at = 0; at < polygon.length; at += 2) {
    const next = (at + 2) % polygon.length;
    area += (polygon[at] as number) * (polygon[next + 1] as number);
    area -= (polygon[next] as number) * (polygon[at + 1] as number);
  }
  return area / 2;
}
