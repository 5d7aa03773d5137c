import { describe, expect, it } from "vitest";
import { onnx } from "../onnx/onnx.ts";
import { type Tensor, tensor } from "../tensor.ts";
import { colourDetectorModel } from "./colour-detector-model.ts";
import { convolutionModel } from "./convolution-model.ts";

const run = async (model: Uint8Array, input: string, value: Tensor): Promise<readonly Tensor[]> => {
  await using session = await onnx().load(model);
  return Object.values(await session.run({ [input]: value }));
};

describe("convolutionModel", () => {
  it("computes what a plain loop computes", async () => {
    const [batch, channels, side] = [2, 3, 8];
    const image = Float32Array.from(
      { length: batch * channels * side * side },
      (_, i) => Math.sin(i) * 2,
    );
    const [features] = await run(
      convolutionModel({ channels, side }),
      "image",
      tensor("float32", image, [batch, channels, side, side]),
    );
    const at = (n: number, c: number, y: number, x: number): number =>
      y < 0 || x < 0 || y >= side || x >= side
        ? 0
        : (image[((n * channels + c) * side + y) * side + x] as number);
    const convolved = (n: number, f: number, y: number, x: number): number => {
      let sum = f === 0 ? 0.25 : -0.25;
      for (let c = 0; c < channels; c++) {
        for (let dy = 0; dy < 3; dy++) {
          for (let dx = 0; dx < 3; dx++) {
            const i = ((f * channels + c) * 3 + dy) * 3 + dx;
            sum += at(n, c, y + dy - 1, x + dx - 1) * ((((i * 7) % 11) - 5) / 10);
          }
        }
      }
      return Math.max(0, sum);
    };
    const expected: number[] = [];
    for (let n = 0; n < batch; n++) {
      for (let f = 0; f < 2; f++) {
        for (let y = 0; y < side; y += 2) {
          for (let x = 0; x < side; x += 2) {
            const four = [
              [0, 0],
              [0, 1],
              [1, 0],
              [1, 1],
            ].map(([dy = 0, dx = 0]) => convolved(n, f, y + dy, x + dx));
            expected.push(Math.max(...four));
          }
        }
      }
    }
    expect(features?.dims).toEqual([2, 2, 4, 4]);
    for (const [i, value] of expected.entries()) expect(features?.data[i]).toBeCloseTo(value, 4);
  });
});

describe("colourDetectorModel", () => {
  it("finds a square of one colour where it is, and nothing in grey", async () => {
    const [width, height] = [96, 64];
    const area = width * height;
    // Two pictures: a red cell in grey, and one that is green by half.
    const images = new Float32Array(2 * 3 * area).fill(0.5, 0, 3 * area);
    for (let y = 16; y < 32; y++) {
      for (let x = 48; x < 64; x++) {
        for (const [channel, value] of [1, 0, 0].entries()) {
          images[channel * area + y * width + x] = value;
        }
        if (y % 2 === 0) images[3 * area + area + y * width + x] = 1;
      }
    }
    const model = colourDetectorModel({ width, height });
    const [output] = await run(model, "images", tensor("float32", images, [2, 3, height, width]));
    expect(output?.dims).toEqual([2, 7, 24]);
    const values = (picture: number, line: number): number[] =>
      Array.from({ length: 24 }, (_, i) => Number(output?.data[(picture * 7 + line) * 24 + i]));
    const cell = 1 * 6 + 3;
    const scores = [0, 1].map((picture) => [4, 5, 6].map((line) => values(picture, line)));
    const only = (value: number): number[] =>
      Array.from({ length: 24 }, (_, i) => (i === cell ? value : 0));
    const none = only(0);
    // Grey has 0.5 - 0.5 - 0.5, which is below 0.
    expect(scores).toEqual([
      [only(1), none, none],
      [none, only(0.5), none],
    ]);
    for (const picture of [0, 1]) {
      expect([0, 1, 2, 3].map((line) => values(picture, line)[cell])).toEqual([56, 24, 16, 16]);
    }
  });

  it("refuses sizes that are no whole cells", () => {
    expect(() => colourDetectorModel({ width: 100 })).toThrow("no whole number of cells");
  });
});
