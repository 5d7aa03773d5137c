import { eachSeries, gridTimes, MillraceError, pipeline, type SeriesBatch } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { createCounter } from "../count/counter.ts";
import type { Detections } from "../detect/detections.ts";
import type { TaskItem } from "../run/task-item.ts";
import { maskPolygons } from "../segment/mask-polygons.ts";
import type { Segments } from "../segment/segment.ts";
import { type TrackAt, tracksAt } from "../testing/tracks-at.ts";
import { cocoJson } from "./coco-json.ts";
import { detectionLines } from "./detection-lines.ts";
import { type DetectionSeriesOptions, detectionSeries } from "./detection-series.ts";

const PERSON: TrackAt = { id: 1, x: 20, y: 20 };
const CAR: TrackAt = { id: 2, x: 50, y: 40, classId: 1 };
const START = Date.UTC(2026, 0, 1);

function ok<Result>(index: number, result: Result, time: number = index / 25): TaskItem<Result> {
  return { index, pts: index * 3600, time, status: "ok", result };
}
function failed(index: number): TaskItem<never> {
  const error = new MillraceError("CORRUPT_INPUT", "Damaged.");
  return { index, pts: index * 3600, time: index / 25, status: "error", error };
}
async function* stream<T>(...items: readonly T[]): AsyncGenerator<T, void> {
  yield* items;
}
async function text(parts: AsyncIterable<string>): Promise<string> {
  return (await Array.fromAsync(parts)).join("");
}

describe("detectionLines", () => {
  it("writes one line a frame, with tracks where there are some, and failures", async () => {
    const { trackIds: _, unseenSeconds: __, ...untracked } = tracksAt(CAR);
    const items = stream<TaskItem<Detections>>(
      ok(0, tracksAt(PERSON)),
      ok(1, untracked),
      failed(2),
      ok(3, tracksAt()),
    );
    const lines = (await text(detectionLines(items))).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        index: 0,
        pts: 0,
        time: 0,
        objects: [{ class: "person", classId: 0, score: 0.9, box: [10, 10, 30, 30], track: 1 }],
      },
      {
        index: 1,
        pts: 3600,
        time: 0.04,
        objects: [{ class: "car", classId: 1, score: 0.9, box: [40, 30, 60, 50] }],
      },
      { index: 2, pts: 7200, time: 0.08, error: { code: "CORRUPT_INPUT", message: "Damaged." } },
      { index: 3, pts: 10800, time: 0.12, objects: [] },
    ]);
  });

  it("writes counts with their tracks and what happened", async () => {
    const counter = createCounter({
      lines: [{ name: "gate", from: { x: 35, y: 0 }, to: { x: 35, y: 50 }, settleFrames: 1 }],
    });
    const frames = [20, 50].map((x, i) => ok(i, counter.update(tracksAt({ ...PERSON, x }), i)));
    const lines = (await text(detectionLines(stream(...frames)))).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { objects: [{ track: 1 }], events: [] },
      { objects: [{ track: 1 }], events: [{ type: "line-cross", line: "gate", time: 0.5 }] },
    ]);
  });

  it("writes as frames come, and asks for no frame before its line is wanted", async () => {
    let asked = 0;
    async function* endless(): AsyncGenerator<TaskItem<Detections>> {
      while (true) yield ok(asked++, tracksAt(PERSON));
    }
    const lines = detectionLines(endless());
    await lines.next();
    await lines.next();
    expect(asked).toBe(2);
    await lines.return();
  });
});

describe("cocoJson", () => {
  it("is valid COCO: annotations refer to images and categories", async () => {
    const items = stream<TaskItem<Detections>>(
      ok(4, tracksAt(PERSON, CAR)),
      failed(5),
      ok(6, tracksAt()),
      ok(8, tracksAt(CAR)),
    );
    const coco = JSON.parse(await text(cocoJson(items, { width: 64, height: 48 })));
    expect(coco.images).toMatchObject([
      { id: 4, width: 64, height: 48, file_name: "frame-000004.jpg", time: 0.16 },
      { id: 6 },
      { id: 8 },
    ]);
    expect(coco.categories).toEqual([
      { id: 0, name: "person" },
      { id: 1, name: "car" },
    ]);
    expect(coco.annotations).toMatchObject([
      { id: 1, image_id: 4, category_id: 0, bbox: [10, 10, 20, 20], area: 400, track_id: 1 },
      { id: 2, image_id: 4, category_id: 1, bbox: [40, 30, 20, 20], iscrowd: 0, score: 0.9 },
      { id: 3, image_id: 8, category_id: 1, track_id: 2 },
    ]);
  });

  it("writes polygons in pixels, and the area of the mask", async () => {
    const mask = {
      x: 10,
      y: 10,
      width: 3,
      height: 3,
      data: Uint8Array.of(1, 1, 1, 1, 0, 1, 1, 1, 1),
    };
    const segments: Segments = {
      ...tracksAt({ id: 1, x: 11.5, y: 11.5, size: 3 }),
      masks: [mask],
      polygons: () => maskPolygons(mask, 64, 48),
    };
    const json = await text(cocoJson(stream(ok(0, segments)), { width: 64, height: 48 }));
    expect(JSON.parse(json).annotations).toMatchObject([
      { area: 8, segmentation: [[10, 10, 13, 10, 13, 13, 10, 13]] },
    ]);
  });

  it("is valid without any frame", async () => {
    const json = await text(cocoJson(stream<TaskItem<Detections>>(), { width: 1, height: 1 }));
    expect(JSON.parse(json)).toEqual({ annotations: [], images: [], categories: [] });
  });
});

describe("detectionSeries", () => {
  async function batchesOf(
    items: DetectionSeriesOptions["items"],
    options: Partial<DetectionSeriesOptions> = {},
  ): Promise<readonly SeriesBatch[]> {
    const source = detectionSeries({ items, video: "door.mp4", startMs: START, ...options });
    return await Array.fromAsync(pipeline(source));
  }
  const flat = (batches: readonly SeriesBatch[]): Record<string, [number, number][]> => {
    const all: Record<string, [number, number][]> = {};
    for (const batch of batches) {
      for (const { labels, timesMs, values } of eachSeries(batch)) {
        const key = Object.values(labels).join(" ");
        all[key] ??= [];
        for (const [i, timeMs] of timesMs.entries()) {
          all[key]?.push([timeMs - START, values[i] as number]);
        }
      }
    }
    return all;
  };

  it("counts objects by class at the time of each frame; a class that is not seen is 0", async () => {
    const items = () =>
      stream<TaskItem<Detections>>(
        ok(0, tracksAt(PERSON)),
        ok(1, tracksAt(PERSON, CAR, { ...CAR, id: 3 })),
        failed(2),
        ok(3, tracksAt()),
      );
    const batches = await batchesOf(items, { labels: { site: "A" } });
    expect(batches).toHaveLength(1);
    expect(flat(batches)).toEqual({
      "A door.mp4 video_objects person": [
        [0, 1],
        [40, 1],
        [120, 0],
      ],
      "A door.mp4 video_objects car": [
        [0, 0],
        [40, 2],
        [120, 0],
      ],
    });
    expect(batches[0]?.table.labels[1]).toEqual({
      site: "A",
      video: "door.mp4",
      __name__: "video_objects",
      class: "car",
    });
    expect(batches[0]?.origins).toEqual([
      { origin: "door.mp4", count: 6, firstRow: 0, rowCount: 3 },
    ]);
  });

  it("writes everything that a counter counts", async () => {
    const counter = createCounter({
      lines: [{ name: "gate", from: { x: 35, y: 0 }, to: { x: 35, y: 50 } }],
      zones: [
        {
          name: "yard",
          polygon: [
            { x: 30, y: 0 },
            { x: 90, y: 0 },
            { x: 90, y: 90 },
            { x: 30, y: 90 },
          ],
        },
      ],
    });
    const items = () =>
      stream(
        ...[10, 20, 40, 50].map((x, i) => ok(i, counter.update(tracksAt({ ...PERSON, x }), i), i)),
      );
    const last = Object.entries(flat(await batchesOf(items))).map(
      ([key, samples]) => `${key}: ${samples.map(([, value]) => value).join()}`,
    );
    expect(last).toEqual([
      "door.mp4 video_objects person: 1,1,1,1",
      "door.mp4 video_objects_total person: 1,1,1,1",
      "door.mp4 video_zone_dwell_seconds_total yard: 0,0,0,1",
      "door.mp4 video_line_crossings_total person gate out: 0,0,0,1",
      "door.mp4 video_zone_objects person yard: 0,0,0,1",
      "door.mp4 video_zone_entries_total person yard: 0,0,0,1",
    ]);
  });

  it("makes batches of a size, whose tables stay the same while no class comes new", async () => {
    const items = () =>
      stream(...Array.from({ length: 10 }, (_, i) => ok(i, tracksAt(i < 7 ? PERSON : CAR))));
    const batches = await batchesOf(items, { batchFrames: 3 });
    expect(batches.map(({ grid }) => gridTimes(grid).length)).toEqual([3, 3, 3, 1]);
    const ids = batches.map(({ table }) => table.id);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[1]).not.toBe(ids[2]);
    expect(ids[2]).toBe(ids[3]);
    expect(batches.map(({ table }) => table.labels.length)).toEqual([1, 1, 2, 2]);
  });

  it("keeps times rising within a batch: one sample a millisecond, and a new batch behind a jump back", async () => {
    const times = [0, 0.0001, 0.04, 0.01, 0.05];
    const items = () => stream(...times.map((time, i) => ok(i, tracksAt(PERSON), time)));
    const batches = await batchesOf(items);
    expect(batches.map(({ grid }) => [...gridTimes(grid)].map((it) => it - START))).toEqual([
      [0, 40],
      [10, 50],
    ]);
  });

  it("keeps the last frame of each interval", async () => {
    const items = () =>
      stream(...Array.from({ length: 50 }, (_, i) => ok(i, tracksAt(...(i < 30 ? [PERSON] : [])))));
    const series = flat(await batchesOf(items, { intervalMs: 1000 }));
    expect(series).toEqual({
      "door.mp4 video_objects person": [
        [960, 1],
        [1960, 0],
      ],
    });
  });

  it("starts a fresh pass at each opening, and gives nothing where nothing was ever seen", async () => {
    let passes = 0;
    const source = detectionSeries({
      items: () => {
        passes += 1;
        return stream(ok(0, tracksAt(PERSON)));
      },
      video: "a",
      startMs: START,
    });
    const [first, second] = [
      await Array.fromAsync(pipeline(source)),
      await Array.fromAsync(pipeline(source)),
    ];
    expect(passes).toBe(2);
    expect(flat(first)).toEqual(flat(second));
    expect(await batchesOf(() => stream(failed(0), ok(1, tracksAt())))).toEqual([]);
    expect(() =>
      detectionSeries({ items: () => stream(), video: "a", startMs: Number.NaN }),
    ).toThrow(/startMs must be a number/);
  });
});
