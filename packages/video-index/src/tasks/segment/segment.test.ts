import { tensor } from "@millrace/inference";
import { describe, expect, it } from "vitest";
import { detect } from "../detect/detect.ts";
import type { YoloLayout } from "../detect/yolo-layout.ts";
import { fakeSession } from "../testing/fake-session.ts";
import { taskContext } from "../testing/task-context.ts";
import { type YoloAnswer, yoloOutput } from "../testing/yolo-output.ts";
import { maskArea } from "./instance-mask.ts";
import { segment } from "./segment.ts";

const SIDE = 160;
const METADATA = { names: "{0: 'disc', 1: 'bar'}", task: "segment" };

/** Prototypes: a disc around the middle, and the left half; ±8, so that a sigmoid of either is 0 or 1. */
const discAt = (x: number, y: number): number => (Math.hypot(x - 79.5, y - 79.5) <= 40 ? 8 : -8);
const leftHalf = (x: number): number => (x < 80 ? 8 : -8);

function prototypes(batch: number) {
  const data = new Float32Array(batch * 2 * SIDE * SIDE);
  // Only the second frame has any.
  const base = (batch - 1) * 2 * SIDE * SIDE;
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      data[base + y * SIDE + x] = discAt(x, y);
      data[base + (SIDE + y) * SIDE + x] = leftHalf(x);
    }
  }
  return tensor("float32", data, [batch, 2, SIDE, SIDE]);
}

function found(
  answers: readonly YoloAnswer[],
  layout: YoloLayout = "channels-first",
  context: Parameters<typeof taskContext>[0] = {},
) {
  const anchorCount = layout === "final" ? 300 : 8400;
  const shape = { layout, anchorCount, classCount: 2, coefficientCount: 2 };
  const outputs = { output0: yoloOutput([[], answers], shape), output1: prototypes(2) };
  const session = fakeSession({
    outputs: { output0: outputs.output0.dims, output1: outputs.output1.dims },
    metadata: METADATA,
    run: () => outputs,
  });
  return segment().open(session).postprocess(outputs, 1, taskContext(context));
}

const DISC: YoloAnswer = {
  box: [160, 160, 480, 480],
  score: 0.9,
  classId: 0,
  coefficients: [1, 0],
};
const HALF: YoloAnswer = { box: [300, 10, 340, 30], score: 0.8, classId: 1, coefficients: [0, 1] };

describe("segment", () => {
  it.each<YoloLayout>(["channels-first", "anchors-first", "final"])(
    "makes masks of coefficients and prototypes (%s)",
    (layout) => {
      const segments = found([DISC, HALF], layout);
      expect([...segments.classIds]).toEqual([0, 1]);
      const [disc, half] = segments.masks;
      expect(disc).toMatchObject({ x: 160, y: 160, width: 320, height: 320 });
      // A disc of radius 40 prototype pixels, four frame pixels each.
      const expected = Math.PI * 160 ** 2;
      expect(Math.abs(maskArea(disc as never) / expected - 1)).toBeLessThan(0.01);
      // The left half of the picture ends at 320, half way through the box.
      expect(maskArea(half as never)).toBe(20 * 20);
    },
  );

  it("cuts masks to their boxes", () => {
    const cut = { ...DISC, box: [300, 300, 320, 310] } as const;
    expect(maskArea(found([cut]).masks[0] as never)).toBe(20 * 10);
  });

  it("undoes the letterbox", () => {
    // The frame is twice the input and starts 80 input pixels below its top.
    const context = { width: 1280, height: 960, placement: { scaleX: 0.5, scaleY: 0.5, top: 80 } };
    const [mask] = found([HALF], "channels-first", {
      ...context,
      placement: { ...context.placement, top: 0 },
    }).masks;
    expect(mask).toMatchObject({ x: 600, y: 20, width: 80, height: 40 });
    expect(maskArea(mask as never)).toBe(40 * 40);
    const [disc] = found([DISC], "channels-first", context).masks;
    expect(disc).toMatchObject({ x: 320, y: 160, width: 640, height: 640 });
    expect(Math.abs(maskArea(disc as never) / (Math.PI * 320 ** 2) - 1)).toBeLessThan(0.01);
  });

  it("gives outlines of the same area, in parts of the frame", () => {
    const segments = found([HALF]);
    expect(segments.polygons(0)).toHaveLength(1);
    expect([...(segments.polygons(0)[0] ?? [])].map((value) => value * 640)).toEqual([
      300, 10, 320, 10, 320, 30, 300, 30,
    ]);
    expect(segments.polygons(7)).toEqual([]);
  });

  it("leaves the boxes of the same model to detect(), which takes no coefficient for a class", () => {
    const shape = { anchorCount: 8400, classCount: 2, coefficientCount: 2 };
    const strong = { ...DISC, coefficients: [50, 50] };
    const output0 = yoloOutput([[strong]], { layout: "channels-first", ...shape });
    const outputs = { output0, output1: prototypes(1) };
    for (const metadata of [METADATA, {}]) {
      const session = fakeSession({
        outputs: { output0: output0.dims, output1: outputs.output1.dims },
        metadata,
        run: () => outputs,
      });
      const found = detect().open(session).postprocess(outputs, 0, taskContext());
      expect([...found.classIds]).toEqual([0]);
      expect(found.scores[0]).toBeCloseTo(0.9);
    }
  });

  it("refuses a model without prototypes", () => {
    const session = fakeSession({ outputs: { output0: [1, 84, 8400] }, run: () => ({}) });
    expect(() => segment().open(session)).toThrow(/it is no segmentation model. Use detect/);
  });
});
