import type { ClassCounts } from "../count/class-tally.ts";
import type { Counts } from "../count/counter.ts";
import { className, type Detections } from "../detect/detections.ts";

/** One number of one frame, and the labels of its series. */
export interface CountSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A number of each class that was seen. */
type Write = (
  metric: string,
  counts: ClassCounts,
  labels?: Readonly<Record<string, string>>,
) => void;

/**
 * The numbers of one frame: of detections and tracks how many there are, of counts all that they count.
 *
 * | metric | labels | what |
 * | --- | --- | --- |
 * | `video_objects` | class | in the frame |
 * | `video_objects_total` | class | different objects so far |
 * | `video_line_crossings_total` | class, line, direction | so far |
 * | `video_zone_objects` | class, zone | inside |
 * | `video_zone_entries_total` | class, zone | so far |
 * | `video_zone_dwell_seconds_total` | zone | time spent inside by all |
 */
export function countSamples(result: Detections | Counts): readonly CountSample[] {
  const samples: CountSample[] = [];
  const write: Write = (metric, { byClass }, labels = {}) => {
    for (const [name, value] of byClass) {
      samples.push({ labels: { __name__: metric, class: name, ...labels }, value });
    }
  };
  if (!("inFrame" in result)) {
    write("video_objects", objectCounts(result));
    return samples;
  }
  write("video_objects", result.inFrame);
  write("video_objects_total", result.unique);
  for (const { name, ...line } of result.lines) {
    write("video_line_crossings_total", line.in, { line: name, direction: "in" });
    write("video_line_crossings_total", line.out, { line: name, direction: "out" });
  }
  for (const { name, inside, entered, dwellSeconds } of result.zones) {
    write("video_zone_objects", inside, { zone: name });
    write("video_zone_entries_total", entered, { zone: name });
    const labels = { __name__: "video_zone_dwell_seconds_total", zone: name };
    samples.push({ labels, value: dwellSeconds });
  }
  return samples;
}

function objectCounts(detections: Detections): ClassCounts {
  const byClass = new Map<string, number>();
  for (const classId of detections.classIds) {
    const name = className(detections.classNames, classId);
    byClass.set(name, (byClass.get(name) ?? 0) + 1);
  }
  return { total: detections.count, byClass };
}
