import { type Tensor, tensor } from "@millrace/inference";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fakeSession } from "../testing/fake-session.ts";
import { taskContext } from "../testing/task-context.ts";
import { type YoloAnswer, yoloOutput } from "../testing/yolo-output.ts";
import { type DetectOptions, detect } from "./detect.ts";
import { eachDetection } from "./detections.ts";
import type { YoloLayout } from "./yolo-layout.ts";

const NAMES = "{0: 'person', 1: 'car', 2: 'dog'}";
const ANCHORS = 8400;
const PERSON: YoloAnswer = { box: [100, 100, 200, 300], score: 0.9, classId: 0 };
const CAR: YoloAnswer = { box: [300, 300, 400, 400], score: 0.5, classId: 1 };

function found(
  answers: readonly YoloAnswer[],
  options: DetectOptions & {
    readonly kind?: YoloLayout;
    readonly metadata?: Readonly<Record<string, string>>;
    readonly context?: Parameters<typeof taskContext>[0];
    readonly classCount?: number;
  } = {},
) {
  const { kind = "channels-first", metadata = { names: NAMES }, classCount = 3 } = options;
  const anchorCount = kind === "final" ? 300 : ANCHORS;
  const output0 = yoloOutput([[], answers], { layout: kind, anchorCount, classCount });
  const session = fakeSession({
    outputs: { output0: ["batch", ...output0.dims.slice(1)] },
    metadata,
    run: () => ({ output0 }),
  });
  const stream = detect(options).open(session);
  expect([...eachDetection(stream.postprocess({ output0 }, 0, taskContext()))]).toEqual([]);
  return [...eachDetection(stream.postprocess({ output0 }, 1, taskContext(options.context)))];
}

describe("detect", () => {
  it.each<YoloLayout>(["channels-first", "anchors-first", "final"])(
    "recognises the layout %s, and reads the second frame of a batch",
    (kind) => {
      expect(found([CAR, PERSON], { kind })).toEqual([
        { box: [100, 100, 200, 300], score: expect.closeTo(0.9), classId: 0, className: "person" },
        { box: [300, 300, 400, 400], score: 0.5, classId: 1, className: "car" },
      ]);
    },
  );

  it("tells two classes, anchors first, from final boxes by the number of anchors", () => {
    const metadata = { names: "{0: 'a', 1: 'b'}" };
    const options = { kind: "anchors-first", classCount: 2, metadata } as const;
    expect(found([CAR], options)).toMatchObject([{ box: [300, 300, 400, 400], className: "b" }]);
    expect(found([CAR], { ...options, kind: "final" })).toMatchObject([{ className: "b" }]);
  });

  it("reads models without metadata, and gives classes without names their number", () => {
    for (const kind of ["channels-first", "anchors-first", "final"] as const) {
      expect(found([CAR], { kind, metadata: {} })).toMatchObject([{ className: "class 1" }]);
    }
    expect(found([CAR], { classNames: ["x", "y", "z"] })).toMatchObject([{ className: "y" }]);
  });

  it("removes doubles of a class, and keeps those of another one unless told not to", () => {
    const double: YoloAnswer = { box: [102, 100, 202, 300], score: 0.8, classId: 0 };
    const other: YoloAnswer = { ...double, classId: 2 };
    expect(found([PERSON, double])).toHaveLength(1);
    expect(found([PERSON, other])).toHaveLength(2);
    expect(found([PERSON, other], { classAgnostic: true })).toHaveLength(1);
  });

  it("keeps the classes that are asked for, by name or number, which others do not hide", () => {
    const other: YoloAnswer = { box: [100, 100, 200, 300], score: 0.5, classId: 2 };
    const options = { classes: ["dog"], classAgnostic: true };
    expect(found([PERSON, other, CAR], options)).toMatchObject([{ className: "dog" }]);
    expect(found([PERSON, other, CAR], { classes: [0, "car"] })).toHaveLength(2);
    expect(() => found([], { classes: ["cat"] })).toThrow(/knows no class "cat".*person, car, dog/);
  });

  it("drops what is below the score", () => {
    expect(found([{ ...CAR, score: 0.24 }])).toEqual([]);
    expect(found([{ ...CAR, score: 0.24 }], { minScore: 0.2 })).toHaveLength(1);
  });

  it("undoes the letterbox and the region, and clips to the frame", () => {
    // A frame of 1280 × 720: half its size, 140 pixels of padding above and below.
    const context = {
      width: 1280,
      height: 720,
      placement: { scaleX: 0.5, scaleY: 0.5, left: 0, top: 140 },
    };
    const inside: YoloAnswer = { ...PERSON, box: [100, 200, 200, 300] };
    expect(found([inside], { context })[0]?.box).toEqual([200, 120, 400, 320]);
    const over: YoloAnswer = { ...PERSON, box: [-20, 130, 700, 600] };
    expect(found([over], { context })[0]?.box).toEqual([0, 0, 1280, 720]);
    const outside: YoloAnswer = { ...PERSON, box: [100, 10, 200, 100] };
    expect(found([outside], { context })).toEqual([]);
    const region = { ...context, placement: { ...context.placement, top: 0, x: 50, y: 60 } };
    expect(found([inside], { context: region })[0]?.box).toEqual([250, 460, 450, 660]);
  });

  it("passes over numbers that are not finite", () => {
    const broken: YoloAnswer = { ...PERSON, box: [Number.NaN, 0, 10, 10] };
    const infinite: YoloAnswer = { ...PERSON, score: Number.POSITIVE_INFINITY };
    for (const kind of ["channels-first", "anchors-first", "final"] as const) {
      expect(found([broken, infinite, CAR], { kind })).toMatchObject([{ className: "car" }]);
    }
  });

  it("gives finite boxes within the frame, best first, whatever a model says", () => {
    const anything = fc.float32Array({ minLength: 40, maxLength: 400 });
    const layouts = fc.constantFrom<YoloLayout>("channels-first", "anchors-first", "final");
    fc.assert(
      fc.property(anything, layouts, fc.integer({ min: 1, max: 4 }), (numbers, layout, classes) => {
        const channels = layout === "final" ? 6 : 4 + classes;
        const anchors = Math.floor(numbers.length / channels);
        const data = numbers.slice(0, anchors * channels);
        const dims = layout === "channels-first" ? [1, channels, anchors] : [1, anchors, channels];
        const session = fakeSession({ outputs: { output0: dims }, run: () => ({}) });
        const stream = detect({ layout, minScore: -1 }).open(session);
        const output0 = tensor("float32", data, dims);
        const { count, boxes, scores, classIds } = stream.postprocess(
          { output0 },
          0,
          taskContext(),
        );
        expect([boxes.length, scores.length, classIds.length]).toEqual([4 * count, count, count]);
        expect(scores).toEqual(scores.toSorted((a, b) => b - a));
        for (const value of boxes) expect(value >= 0 && value <= 640).toBe(true);
        for (let i = 0; i < count; i++) {
          expect(boxes[4 * i + 2]).toBeGreaterThan(boxes[4 * i] as number);
          expect(boxes[4 * i + 3]).toBeGreaterThan(boxes[4 * i + 1] as number);
          expect(classIds[i]).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("refuses models that are none of these, and says what they give", () => {
    const session = (outputs: Record<string, number[]>) =>
      fakeSession({ outputs, run: () => ({}) });
    const classifier = session({ probabilities: [1, 1000] });
    expect(() => detect().open(classifier)).toThrow(/no output of type float32 and three axes/);
    const pose = { names: "{0: 'person'}" };
    expect(() => found([], { metadata: { ...pose, task: "pose" } })).toThrow(/it is for "pose"/);
    // One name, and room for three classes: it is something else that stands there.
    expect(() => found([], { metadata: pose })).toThrow(/room for 3 classes, and 1 have names/);
    const odd = detect().open(session({ output0: [1, 3, 3] }));
    const output0: Tensor = { type: "float32", data: new Float32Array(9), dims: [1, 3, 3] };
    expect(() => odd.postprocess({ output0 }, 0, taskContext())).toThrow(/\[1, 3, 3\] is none of/);
  });
});
