import { openFrameCount, scalarScaler } from "@millrace/media";
import { describe, expect, it } from "vitest";
import { frameCanvas } from "../draw/canvas.ts";
import { runTask } from "../run/run-task.ts";
import { type FakeVideoOptions, fakeVideo } from "../testing/fake-video.ts";
import { redSession } from "../testing/red-session.ts";
import { count } from "./count.ts";
import type { Counts } from "./counter.ts";

const WIDTH = 128;
const HEIGHT = 72;
const SIDE = 12;
const session = redSession({ width: 128, height: 96 });
const scaler = scalarScaler();

/** Two red squares: one goes to the right from 4, three pixels a frame, the other comes back from 100. */
function squares(index: number): readonly (readonly [number, number])[] {
  return [
    [4 + 3 * index, 10],
    [100 - 3 * index, 50],
  ];
}
const clip: FakeVideoOptions = {
  frameCount: 32,
  width: WIDTH,
  height: HEIGHT,
  paint(data, index) {
    data.fill(90);
    for (const [left, top] of squares(index)) {
      for (let y = top; y < top + SIDE; y++) {
        for (let x = left; x < left + SIDE; x++) data.set([255, 0, 0], 3 * (y * WIDTH + x));
      }
    }
  },
};
const gate = { name: "gate", from: { x: 64, y: 72 }, to: { x: 64, y: 0 } };

async function countsOf(
  options: Partial<FakeVideoOptions> = {},
  stride = 1,
): Promise<readonly Counts[]> {
  const { video } = fakeVideo({ ...clip, ...options });
  const task = count({ lines: [gate] });
  const all: Counts[] = [];
  for await (const item of runTask(video, session, task, {
    scaler,
    batchSize: 5,
    range: { stride },
  })) {
    if (item.status === "ok") all.push(item.result);
  }
  return all;
}

describe("count", () => {
  it("finds, follows and counts what is in the pixels, box by box", async () => {
    const counts = await countsOf();
    counts.forEach(({ tracks, inFrame }, index) => {
      const boxes = squares(index).flatMap(([x, y]) => [x, y, x + SIDE, y + SIDE]);
      expect([...tracks.trackIds]).toEqual([1, 2]);
      expect([...tracks.boxes]).toEqual(boxes);
      expect(inFrame.total).toBe(2);
    });
    expect(counts.at(-1)).toMatchObject({
      unique: { total: 2 },
      lines: [{ in: { total: 1 }, out: { total: 1 } }],
    });
    const events = counts.flatMap((frame) => frame.events);
    // The middle of the first square is at 10 + 3 × 25 t, that of the second at 106 - 3 × 25 t.
    expect(events).toMatchObject([
      { direction: "out", trackId: 2, time: expect.closeTo(42 / 75, 3) },
      { direction: "in", trackId: 1, time: expect.closeTo(54 / 75, 3) },
    ]);
  });

  it("says the same of every second frame, and of frames at uneven times", async () => {
    const thinned = await countsOf({}, 2);
    expect(thinned.at(-1)).toMatchObject({
      unique: { total: 2 },
      lines: [{ in: { total: 1 }, out: { total: 1 } }],
    });
    const timeOf = (index: number): number => index / 25 + (index % 3) * 0.01;
    const uneven = await countsOf({ timeOf });
    expect(uneven.at(-1)).toMatchObject({
      unique: { total: 2 },
      lines: [{ in: { total: 1 }, out: { total: 1 } }],
    });
  });

  it("goes on over frames that are missing", async () => {
    const counts = await countsOf({ missing: [5, 6, 17, 18, 19] });
    expect(counts).toHaveLength(27);
    expect(counts.at(-1)).toMatchObject({
      unique: { total: 2 },
      lines: [{ in: { total: 1 }, out: { total: 1 } }],
    });
  });

  it("serves two videos at once without mixing them", async () => {
    const task = count({ lines: [gate] });
    const passes = [1, 2].map(() =>
      runTask(fakeVideo(clip).video, session, task, { scaler })[Symbol.asyncIterator](),
    );
    for (let index = 0; index < clip.frameCount; index++) {
      for (const pass of passes) {
        const { value } = await pass.next();
        expect(value).toMatchObject({ status: "ok", result: { unique: { total: 2 } } });
      }
    }
    for (const pass of passes) await pass.return?.();
  });

  it("begins anew where a clip begins again: numbers go on, sides do not", async () => {
    const timeOf = (index: number): number => (index % 32) / 25;
    const paint = (data: Uint8Array, index: number): void => clip.paint?.(data, index % 32);
    const counts = await countsOf({ frameCount: 64, timeOf, paint });
    expect([...(counts.at(-1)?.tracks.trackIds ?? [])]).toEqual([3, 4]);
    expect(counts.at(-1)?.lines).toMatchObject([{ in: { total: 2 }, out: { total: 2 } }]);
  });

  it("draws on a copy of the frame that it was handed", async () => {
    const { video } = fakeVideo(clip);
    const task = count({ lines: [gate] });
    for await (const item of runTask(video, session, task, { scaler, keepFrames: true })) {
      using frame = item.frame;
      if (frame === undefined || item.status !== "ok") throw new Error("There should be a frame.");
      const before = frame.data.slice();
      const canvas = frameCanvas(frame);
      task.draw?.(canvas, item.result);
      using drawn = canvas.toFrame();
      expect(Buffer.compare(frame.data, before)).toBe(0);
      expect(Buffer.compare(drawn.data, before)).not.toBe(0);
    }
    expect(openFrameCount()).toBe(0);
  });

  it("refuses lines that are none before a video is opened", () => {
    expect(() => count({ lines: [{ ...gate, to: gate.from }] })).toThrow(/has no length/);
  });
});
