import type { InferenceSession, Tensor } from "@millrace/inference";
import { fakeSession } from "./fake-session.ts";
import { type YoloAnswer, yoloOutput } from "./yolo-output.ts";

/** What {@link redSession} is made of. */
export interface RedSessionOptions {
  /** Pixels of the input; multiples of 32. */
  readonly width: number;
  readonly height: number;
}

/**
 * A session in the shape of a YOLO v8 detector that works its boxes out of the tensor: one around each connected
 * patch of red, whose score is the mean of how red it is.
 */
export function redSession({ width, height }: RedSessionOptions): InferenceSession {
  const anchorCount = [8, 16, 32].reduce((sum, it) => sum + (width / it) * (height / it), 0);
  return fakeSession({
    input: ["batch", 3, height, width],
    outputs: { output0: ["batch", 5, anchorCount] },
    metadata: { names: "{0: 'red'}", task: "detect" },
    run({ images }) {
      const { data, dims } = images as Tensor<"float32">;
      const size = 3 * width * height;
      const batch = Array.from({ length: dims[0] as number }, (_, item) =>
        redPatches(data.subarray(item * size, (item + 1) * size), width, height),
      );
      return {
        output0: yoloOutput(batch, { layout: "channels-first", anchorCount, classCount: 1 }),
      };
    },
  });
}

function redPatches(image: Float32Array, width: number, height: number): readonly YoloAnswer[] {
  const plane = width * height;
  const redness = (at: number): number =>
    (image[at] as number) - (image[at + plane] as number) - (image[at + 2 * plane] as number);
  const seen = new Uint8Array(plane);
  const patches: YoloAnswer[] = [];
  for (let start = 0; start < plane; start++) {
    if (seen[start] === 1 || redness(start) < 0.5) continue;
    const queue = [start];
    seen[start] = 1;
    let [x1, y1, x2, y2, sum] = [width, height, 0, 0, 0];
    for (const at of queue) {
      const [x, y] = [at % width, Math.floor(at / width)];
      [x1, y1, x2, y2] = [
        Math.min(x1, x),
        Math.min(y1, y),
        Math.max(x2, x + 1),
        Math.max(y2, y + 1),
      ];
      sum += redness(at);
      for (const next of [
        x > 0 ? at - 1 : at,
        x < width - 1 ? at + 1 : at,
        at - width,
        at + width,
      ]) {
        if (next < 0 || next >= plane || seen[next] === 1 || redness(next) < 0.5) continue;
        seen[next] = 1;
        queue.push(next);
      }
    }
    patches.push({ box: [x1, y1, x2, y2], score: sum / queue.length, classId: 0 });
  }
  return patches;
}
