import { MillraceError } from "@millrace/core";
import { type NamedTensors, type Tensor, tensor } from "@millrace/inference";
import { type FrameScaler, openFrameCount, scalarScaler } from "@millrace/media";
import { describe, expect, it } from "vitest";
import type { InferenceTask, InputPolicy } from "../inference-task.ts";
import { fakeSession } from "../testing/fake-session.ts";
import { fakeVideo } from "../testing/fake-video.ts";
import { type RunTaskOptions, runTask } from "./run-task.ts";
import type { TaskItem } from "./task-item.ts";

const scaler = scalarScaler();

/** A model of 8 × 8 pixels that gives the mean of each picture, and keeps the shapes that it was given. */
function meanModel(
  options: {
    readonly input?: readonly (number | string)[];
    readonly refuse?: (feeds: NamedTensors) => void;
  } = {},
) {
  const shapes: string[] = [];
  const session = fakeSession({
    input: options.input ?? ["batch", 3, 8, 8],
    outputs: { mean: ["batch"] },
    run(feeds) {
      const { data, dims } = feeds["images"] as Tensor<"float32">;
      shapes.push(dims.join());
      options.refuse?.(feeds);
      const [count = 0] = dims;
      const size = data.length / count;
      const means = Float32Array.from({ length: count }, (_, i) => {
        return data.subarray(i * size, (i + 1) * size).reduce((a, b) => a + b, 0) / size;
      });
      return { mean: tensor("float32", means, [count]) };
    },
  });
  return { session, shapes };
}

interface MeanTask extends InferenceTask<number> {
  readonly resets: number[];
}

/** Gives back the frame's number, which is its brightness. */
function meanTask(options: { batchable?: boolean; input?: Partial<InputPolicy> } = {}): MeanTask {
  const resets: number[] = [];
  return {
    apiVersion: 1,
    name: "mean",
    input: { size: "model", fit: "stretch", ...options.input },
    batchable: options.batchable ?? true,
    stateful: true,
    resets,
    open: () => {
      let last = -1;
      return {
        feeds: (images) => ({ images }),
        postprocess({ mean }, item, { index }) {
          last = index;
          return Math.round((mean?.data[item] as number) * 255);
        },
        reset: () => void resets.push(last),
      };
    },
  };
}

async function collect<R>(items: AsyncIterable<TaskItem<R>>): Promise<TaskItem<R>[]> {
  const all: TaskItem<R>[] = [];
  for await (const item of items) all.push(item);
  return all;
}
const told = (items: readonly TaskItem<number>[]) =>
  items.map((item) => (item.status === "ok" ? item.result : `${item.index}: ${item.error.code}`));
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("runTask", () => {
  it.each([1, 3, 4, 7, 20])(
    "gives each frame its own result, in order, in batches of %i",
    async (batchSize) => {
      const { video } = fakeVideo({ frameCount: 14 });
      const { session, shapes } = meanModel();
      const items = await collect(runTask(video, session, meanTask(), { scaler, batchSize }));
      expect(told(items)).toEqual(numbers(14));
      expect(items.map(({ index, pts, time }) => [index, pts, time])).toEqual(
        numbers(14).map((i) => [i, i * 3600, i / 25]),
      );
      const full = Math.floor(14 / batchSize);
      const rest = 14 % batchSize;
      expect(shapes).toEqual([
        ...Array(full).fill(`${batchSize},3,8,8`),
        ...(rest > 0 ? [`${rest},3,8,8`] : []),
      ]);
      expect(openFrameCount()).toBe(0);
    },
  );

  it("fills the last batch of a model that takes one size only, and obeys a task that takes one frame", async () => {
    const { video } = fakeVideo({ frameCount: 5 });
    const fixed = meanModel({ input: [4, 3, 8, 8] });
    expect(told(await collect(runTask(video, fixed.session, meanTask(), { scaler })))).toEqual(
      numbers(5),
    );
    expect(fixed.shapes).toEqual(["4,3,8,8", "4,3,8,8"]);
    const single = meanModel();
    const task = meanTask({ batchable: false });
    await collect(runTask(video, single.session, task, { scaler, batchSize: 4 }));
    expect(new Set(single.shapes)).toEqual(new Set(["1,3,8,8"]));
  });

  it("takes a range and a stride, and starts anew when time goes backwards", async () => {
    const { video } = fakeVideo({ frameCount: 20 });
    const { session } = meanModel();
    const task = meanTask();
    const range = { from: 4, to: 15, stride: 5 };
    expect(told(await collect(runTask(video, session, task, { scaler, range })))).toEqual([
      4, 9, 14,
    ]);
    expect(task.resets).toEqual([]);
    const loop = fakeVideo({ frameCount: 6, timeOf: (index) => (index % 3) / 25 });
    await collect(runTask(loop.video, session, task, { scaler, batchSize: 2 }));
    expect(task.resets).toEqual([2]);
  });

  it("gives a frame that failed an error of its own, and the others their results", async () => {
    const { video } = fakeVideo({ frameCount: 8, missing: [2, 7] });
    const refuse = ({ images }: NamedTensors): void => {
      const { data, dims } = images as Tensor<"float32">;
      const size = data.length / (dims[0] as number);
      for (let at = 0; at < data.length; at += size) {
        if (Math.round((data[at] as number) * 255) === 4)
          throw new Error("I do not like this one.");
      }
    };
    const { session } = meanModel({ refuse });
    const items = await collect(runTask(video, session, meanTask(), { scaler, batchSize: 4 }));
    expect(told(items)).toEqual([
      0,
      1,
      "2: CORRUPT_INPUT",
      3,
      "4: INTERNAL",
      5,
      6,
      "7: CORRUPT_INPUT",
    ]);
    expect(items[4]).toMatchObject({ error: { message: /model failed: I do not like this one/ } });
  });

  it("hands failures of the scaler and of the task to their frames", async () => {
    const { video } = fakeVideo({ frameCount: 3 });
    const { session } = meanModel();
    const moody: FrameScaler = {
      ...scaler,
      async tensor(frame, options) {
        if (frame.data[0] === 1) throw new MillraceError("UNSUPPORTED", "Not that one.");
        return scaler.tensor(frame, options);
      },
    };
    expect(told(await collect(runTask(video, session, meanTask(), { scaler: moody })))).toEqual([
      0,
      "1: UNSUPPORTED",
      2,
    ]);
    const task: InferenceTask<number> = {
      ...meanTask(),
      open: () => ({
        feeds: (images) => ({ images }),
        postprocess: (_, __, { index }) => {
          if (index === 1) throw new RangeError("no");
          return index;
        },
      }),
    };
    expect(told(await collect(runTask(video, session, task, { scaler })))).toEqual([
      0,
      "1: INTERNAL",
      2,
    ]);
  });

  it("gives what came before a failure of the video, and then the failure", async () => {
    const error = new MillraceError("CLOSED", "The video is closed.");
    const { video } = fakeVideo({ frameCount: 9, failAt: { index: 5, error } });
    const { session } = meanModel();
    const seen: number[] = [];
    const reading = (async () => {
      const items = runTask(video, session, meanTask(), { scaler, batchSize: 4, keepFrames: true });
      for await (const { index, frame } of items) {
        frame?.close();
        seen.push(index);
      }
    })();
    await expect(reading).rejects.toBe(error);
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    expect(openFrameCount()).toBe(0);
  });

  it("reads one batch ahead and no more, and closes everything when its receiver stops", async () => {
    const { video, handedOut } = fakeVideo({ frameCount: 1000 });
    const { session } = meanModel();
    const options = { scaler, batchSize: 4, keepFrames: true };
    for await (const { index, frame } of runTask(video, session, meanTask(), options)) {
      frame?.close();
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (index === 9) break;
    }
    // The third batch was under way and the fourth one filled.
    expect(handedOut.length).toBeLessThanOrEqual(16);
    expect(openFrameCount()).toBe(0);
  });

  it("hands over frames that outlive the batch, when asked to", async () => {
    const { video } = fakeVideo({ frameCount: 5 });
    const { session } = meanModel();
    const items = await collect(
      runTask(video, session, meanTask(), { scaler, batchSize: 2, keepFrames: true }),
    );
    expect(items.map(({ frame }) => frame?.data[0])).toEqual(numbers(5));
    expect(openFrameCount()).toBe(5);
    for (const { frame } of items) frame?.close();
    expect(openFrameCount()).toBe(0);
  });

  it("ends with the reason of an abort", async () => {
    const { video } = fakeVideo({ frameCount: 100 });
    const reason = new Error("enough");
    for (const when of [0, 3]) {
      const abort = new AbortController();
      if (when === 0) abort.abort(reason);
      const { session } = meanModel();
      const options: RunTaskOptions = { scaler, signal: abort.signal, keepFrames: true };
      const reading = (async () => {
        for await (const { index, frame } of runTask(video, session, meanTask(), options)) {
          frame?.close();
          if (index === when) abort.abort(reason);
        }
      })();
      await expect(reading).rejects.toBe(reason);
      expect(openFrameCount()).toBe(0);
    }
  });

  it("orders and scales the planes as the policy says, and tells where the frame lies", async () => {
    const paint = (data: Uint8Array): void => {
      for (let at = 0; at < data.length; at += 3) data.set([255, 0, 51], at);
    };
    const { video } = fakeVideo({ frameCount: 1, paint });
    const seen: number[][] = [];
    const session = fakeSession({
      input: [1, 3, 8, 8],
      outputs: { x: [1] },
      run({ images }) {
        seen.push(
          [0, 1, 2].map((plane) => (images as Tensor<"float32">).data[plane * 64 + 32] as number),
        );
        return {};
      },
    });
    const contexts: unknown[] = [];
    const policed = (input: Partial<InputPolicy>): InferenceTask<number> => ({
      ...meanTask(),
      input: { size: "model", fit: "letterbox", ...input },
      open: () => ({
        feeds: (images) => ({ images }),
        postprocess: (_, __, { placement, width, height }) =>
          contexts.push({ ...placement, width, height }),
      }),
    });
    const bgr: Partial<InputPolicy> = {
      channels: "BGR",
      mean: [0.2, 0, 0.5],
      deviation: [1, 1, 0.25],
    };
    await collect(runTask(video, session, policed({}), { scaler }));
    await collect(
      runTask(video, session, policed(bgr), {
        scaler,
        roi: { x: 8, y: 16, width: 32, height: 32 },
      }),
    );
    expect(seen[0]?.map((value) => Math.round(value * 100) / 100)).toEqual([1, 0, 0.2]);
    expect(seen[1]?.map((value) => Math.round(value * 100) / 100 + 0)).toEqual([0, 0, 2]);
    expect(contexts).toMatchObject([
      { width: 64, height: 48, scaleX: 1 / 8, scaleY: 1 / 8, left: 0, top: 1, x: 0, y: 0 },
      { width: 64, height: 48, scaleX: 1 / 4, scaleY: 1 / 4, left: 0, top: 0, x: 8, y: 16 },
    ]);
  });

  it("refuses batch sizes and models that cannot be", async () => {
    const { video } = fakeVideo({ frameCount: 1 });
    const { session } = meanModel();
    const wrong = collect(runTask(video, session, meanTask(), { scaler, batchSize: 0 }));
    await expect(wrong).rejects.toMatchObject({ code: "INVALID_OPTION" });
    const sound = fakeSession({ input: ["batch", 80, 3000], outputs: {}, run: () => ({}) });
    const deaf = collect(runTask(video, sound, meanTask(), { scaler }));
    await expect(deaf).rejects.toThrow(/no input of type float32 and shape \[N, 3, H, W\]/);
    const size = { width: 9, height: 8 };
    const other = collect(runTask(video, session, meanTask({ input: { size } }), { scaler }));
    await expect(other).rejects.toThrow(/asks for a width of 9; the model takes 8 only/);
  });
});
