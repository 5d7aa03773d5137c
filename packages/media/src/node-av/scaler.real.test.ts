import { afterAll, expect, test } from "vitest";
import { describeFrameScaler } from "../testing/describe-frame-scaler.ts";
import { scalarScaler } from "../video/scalar-scaler.ts";
import { videoFrame } from "../video/video-frame.ts";
import { nodeAv } from "./node-av.ts";

const video = nodeAv({ workers: 1 });
afterAll(() => video.close());

describeFrameScaler("node-av", () => video.scaler);

test("scales as the reference does, but for rounding", async () => {
  const [width, height] = [160, 96];
  const data = Uint8Array.from({ length: width * height * 3 }, (_, at) => {
    const pixel = Math.floor(at / 3);
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    return [x * 1.5, y * 2.5, 128 + 100 * Math.sin(x / 15) * Math.cos(y / 11)][at % 3] ?? 0;
  });
  const times = { pts: 0, timeBase: { num: 1, den: 25 } };
  using rgb = videoFrame({ format: "RGB", codedWidth: width, codedHeight: height, data, ...times });
  using yuv = await scalarScaler().scale(rgb, { format: "I444" });
  for (const size of [
    { width: 64, height: 64 },
    { width: 300, height: 200 },
  ]) {
    const [ours, reference] = await Promise.all(
      [video.scaler, scalarScaler()].map((scaler) => scaler.tensor(yuv, size)),
    );
    const off = Array.from(ours?.data ?? []).map((value, at) =>
      Math.abs(value - (reference?.data[at] ?? 9)),
    );
    const mean = off.reduce((sum, value) => sum + value, 0) / off.length;
    expect(mean).toBeLessThan(0.004);
    expect(off.reduce((most, value) => Math.max(most, value), 0)).toBeLessThan(0.05);
  }
});
