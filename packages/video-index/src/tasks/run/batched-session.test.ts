import { type NamedTensors, type Tensor, tensor } from "@millrace/inference";
import { scalarScaler } from "@millrace/media";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { count } from "../count/count.ts";
import { fakeSession } from "../testing/fake-session.ts";
import { fakeVideo } from "../testing/fake-video.ts";
import { redSession } from "../testing/red-session.ts";
import { batchedSession } from "./batched-session.ts";
import { runTask } from "./run-task.ts";
import { splitTensors, stackTensors } from "./stack-tensors.ts";

/** A model that doubles each number; refuses 7. */
function doubling() {
  const sizes: number[] = [];
  let closed = false;
  const session = fakeSession({
    input: ["batch", 2],
    outputs: { y: ["batch", 2] },
    async run({ images }) {
      const { data, dims } = images as Tensor<"float32">;
      sizes.push(dims[0] as number);
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (data.includes(7)) throw new Error("Not a 7.");
      return {
        y: tensor(
          "float32",
          data.map((value) => 2 * value),
          dims,
        ),
      };
    },
  });
  const closing = async () => {
    closed = true;
  };
  return { session: { ...session, close: closing }, sizes, isClosed: () => closed };
}
const pairs = (...numbers: number[]): NamedTensors => ({
  images: tensor("float32", Float32Array.from(numbers.flatMap((n) => [n, -n])), [
    numbers.length,
    2,
  ]),
});
const answer = (outputs: NamedTensors): number[] =>
  [...(outputs["y"] as Tensor<"float32">).data].filter((_, i) => i % 2 === 0);

describe("batchedSession", () => {
  it("gives each run its own answers, and the model all of them together", async () => {
    const { session, sizes, isClosed } = doubling();
    {
      await using shared = batchedSession(session);
      const runs = [pairs(1), pairs(2, 3, 4), pairs(5, 6)].map((feeds) => shared.run(feeds));
      expect((await Promise.all(runs)).map(answer)).toEqual([[2], [4, 6, 8], [10, 12]]);
      expect(shared.batcher.stats().executionCount).toBe(sizes.length);
    }
    expect(sizes.reduce((a, b) => a + b)).toBe(6);
    expect(Math.max(...sizes)).toBeGreaterThan(1);
    expect(isClosed()).toBe(true);
  });

  it("fills a batch up to an allowed size, and gives nothing of the rest away", async () => {
    const { session, sizes } = doubling();
    await using shared = batchedSession(session, { allowedSizes: [4] });
    expect(answer(await shared.run(pairs(1, 2, 3)))).toEqual([2, 4, 6]);
    expect(new Set(sizes)).toEqual(new Set([4]));
  });

  it("lets an image that the model refuses fail alone", async () => {
    for (const knobs of [{}, { allowedSizes: [4] }]) {
      const { session } = doubling();
      await using shared = batchedSession(session, knobs);
      const runs = [pairs(1), pairs(7), pairs(3)].map((feeds) => shared.run(feeds));
      await expect(runs[1]).rejects.toThrow("Not a 7.");
      expect(answer(await (runs[0] as Promise<NamedTensors>))).toEqual([2]);
      expect(answer(await (runs[2] as Promise<NamedTensors>))).toEqual([6]);
    }
  });

  it("ends a run with the reason of its abort", async () => {
    const { session } = doubling();
    await using shared = batchedSession(session);
    const reason = new Error("enough");
    await expect(shared.run(pairs(1), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("refuses what has no batch", async () => {
    const session = fakeSession({
      outputs: {},
      run: () => ({ y: tensor("float32", new Float32Array(1), [1]) }),
    });
    await using shared = batchedSession(session);
    const run = shared.run(pairs(1, 2));
    await expect(run).rejects.toThrow(
      /"y" has the shape \[1\], which does not begin with a batch of 2/,
    );
  });

  it("counts in three videos at once what it counts in each alone", async () => {
    const paint = (data: Uint8Array, index: number): void => {
      data.fill(90);
      for (let y = 10; y < 20; y++) {
        for (let x = 4 + 2 * index; x < 14 + 2 * index; x++)
          data.set([255, 0, 0], 3 * (64 * y + x));
      }
    };
    const gate = { name: "gate", from: { x: 32, y: 48 }, to: { x: 32, y: 0 } };
    await using shared = batchedSession(redSession({ width: 64, height: 64 }), { maxBatch: 8 });
    const counted = async (batchSize: number): Promise<unknown> => {
      const { video } = fakeVideo({ frameCount: 24, paint });
      const results: unknown[] = [];
      const options = { scaler: scalarScaler(), batchSize };
      for await (const item of runTask(video, shared, count({ lines: [gate] }), options)) {
        results.push(item.status === "ok" ? [item.result.tracks.boxes, item.result.events] : item);
      }
      return results;
    };
    const alone = await counted(1);
    expect(await Promise.all([1, 2, 4].map(counted))).toEqual([alone, alone, alone]);
  });
});

describe("stackTensors", () => {
  it("is undone by splitTensors", () => {
    const lists = fc.array(fc.tuple(fc.integer(), fc.integer()), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(lists, fc.integer({ min: 0, max: 8 }), (rows, size) => {
        const parts = rows.map((row) => ({
          a: tensor("int32", Int32Array.from(row), [1, 2]),
          b: tensor("int64", BigInt64Array.of(BigInt(row[0])), [1]),
        }));
        const stacked = stackTensors(parts, size);
        expect(stacked["a"]?.dims).toEqual([Math.max(rows.length, size), 2]);
        expect(splitTensors(stacked, rows.length)).toEqual(parts);
      }),
    );
  });
});
