import { expect, test } from "vitest";
import { drawDetections } from "./draw-detections.ts";
import type { PageContext } from "./page.ts";

function fakeContext(): PageContext & { readonly calls: string[] } {
  const calls: string[] = [];
  const note =
    (name: string) =>
    (...args: unknown[]): void =>
      void calls.push(`${name} ${args.join(" ")}`);
  return {
    calls,
    canvas: { width: 320, height: 180 },
    strokeStyle: "",
    fillStyle: "",
    lineWidth: 0,
    font: "",
    drawImage: note("drawImage"),
    clearRect: note("clearRect"),
    strokeRect: note("strokeRect"),
    fillRect: note("fillRect"),
    fillText: note("fillText"),
    measureText: (text) => ({ width: text.length * 8 }),
  };
}

test("boxes are scaled to the canvas, labels stay in it, and other data draw nothing", () => {
  const context = fakeContext();
  const value = [
    { label: "cat", score: 0.87, box: { x: 10, y: 100, width: 50, height: 60 } },
    { label: "dog", box: { x: 0, y: 0, width: 4, height: 4 } },
    { label: "bird", box: { x: 630, y: 100, width: 4, height: 4 } },
    { label: "broken", box: { x: "1" } },
    null,
  ];
  const data = [
    { kind: "detections", timestamp: 0, value },
    { kind: "caption", timestamp: 0, value: [{ box: { x: 1, y: 1, width: 1, height: 1 } }] },
    { kind: "detections", timestamp: 0, value: "none" },
  ];
  const drawn = drawDetections(context, { data }, { width: 640, height: 360 });
  expect(drawn).toEqual(value.slice(0, 3));
  expect(context.calls).toEqual([
    "clearRect 0 0 320 180",
    "strokeRect 5 50 25 30",
    "fillRect 5 32 70 18",
    "fillText cat 87 % 8 46",
    "strokeRect 0 0 2 2",
    "fillRect 0 0 30 18",
    "fillText dog 3 14",
    "strokeRect 315 50 2 2",
    "fillRect 282 32 38 18",
    "fillText bird 285 46",
  ]);
});

test("labels are as large as they are told to be", () => {
  const context = fakeContext();
  const value = [{ label: "cat", box: { x: 10, y: 100, width: 50, height: 60 } }];
  drawDetections(
    context,
    { data: [{ kind: "detections", timestamp: 0, value }] },
    { fontSize: 28 },
  );
  expect(context.font).toBe("28px sans-serif");
  expect(context.calls.slice(-2)).toEqual(["fillRect 10 68 30 32", "fillText cat 13 96"]);
});

test("a frame without data wipes the boxes of the one before", () => {
  const context = fakeContext();
  expect(drawDetections(context, { data: [] })).toEqual([]);
  expect(context.calls).toEqual(["clearRect 0 0 320 180"]);
});
