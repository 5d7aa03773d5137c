import { describe, expect, it } from "vitest";
import { onnx } from "../onnx/onnx.ts";
import { tensor } from "../tensor.ts";
import { affineModel } from "../testing/affine-model.ts";
import { createBatcher } from "./create-batcher.ts";

describe("a batcher before an ONNX session", () => {
  it("gives each of many requests its own answer, in fewer runs, on two workers", async () => {
    await using session = await onnx({ workers: 2 }).load(affineModel({ width: 1 }));
    await using batcher = createBatcher({
      slots: 2,
      allowedSizes: [1, 4, 16],
      maxBatch: 16,
      async run(items: readonly number[], { size, signal }) {
        const data = new Float32Array(new SharedArrayBuffer(4 * size));
        data.set(items);
        const { y } = await session.run({ x: tensor("float32", data, [size, 1]) }, { signal });
        return items.map((_, i) => Number(y?.data[i]));
      },
    });
    const clients = Array.from({ length: 20 }, async (_, client) => {
      for (let i = 0; i < 25; i++) {
        const value = client * 100 + i;
        expect(await batcher.submit(value)).toBe(2 * value + 1);
      }
    });
    await Promise.all(clients);
    const { executionCount, inferenceCount, successCount } = batcher.stats();
    expect({ inferenceCount, successCount }).toEqual({ inferenceCount: 500, successCount: 500 });
    expect(executionCount).toBeLessThan(500);
  });
});
