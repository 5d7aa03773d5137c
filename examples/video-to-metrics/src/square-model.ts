import { tensor } from "@millrace/inference";
import { onnxModel } from "@millrace/inference/testing";

/** What {@link squareModel} is made of. */
export interface SquareModelOptions {
  /** Pixels of the input; multiples of 32. */
  readonly width: number;
  readonly height: number;
  /** Side of the squares that it looks for, in pixels of the input. */
  readonly square: number;
}

/** Pixels from one place at which it looks to the next. */
const STEP = 4;

/**
 * A model in the shape of a YOLO export that finds red squares, without any weights that were learnt: it stands in for
 * a model of your own.
 *
 * Input `images`: float32 `[batch, 3, height, width]`, RGB, 0..1. Output `output0`: float32 `[batch, 5, anchors]`:
 * boxes of the size of a square every 4 pixels, and how much of each is red.
 */
export function squareModel({ width, height, square }: SquareModelOptions): Uint8Array {
  const columns = Math.floor((width - square) / STEP) + 1;
  const rows = Math.floor((height - square) / STEP) + 1;
  const anchors = columns * rows;
  const boxes = new Float32Array(4 * anchors);
  for (let anchor = 0; anchor < anchors; anchor++) {
    boxes[anchor] = (anchor % columns) * STEP + square / 2;
    boxes[anchors + anchor] = Math.floor(anchor / columns) * STEP + square / 2;
    boxes.fill(square, 2 * anchors + anchor, 2 * anchors + anchor + 1);
    boxes.fill(square, 3 * anchors + anchor, 3 * anchors + anchor + 1);
  }
  const shape = (...sizes: number[]) =>
    tensor("int64", BigInt64Array.from(sizes, BigInt), [sizes.length]);
  return onnxModel({
    inputs: [{ name: "images", type: "float32", dims: ["batch", 3, height, width] }],
    outputs: [{ name: "output0", type: "float32", dims: ["batch", 5, anchors] }],
    nodes: [
      { operator: "Conv", inputs: ["images", "redness"], outputs: ["red"] },
      { operator: "Relu", inputs: ["red"], outputs: ["positive"] },
      {
        operator: "AveragePool",
        inputs: ["positive"],
        outputs: ["covered"],
        attributes: { kernel_shape: [square, square], strides: [STEP, STEP] },
      },
      { operator: "Reshape", inputs: ["covered", "flat"], outputs: ["scores"] },
      // The boxes are the same for every picture: as many of them as there are pictures.
      { operator: "Shape", inputs: ["images"], outputs: ["shape"] },
      { operator: "Gather", inputs: ["shape", "first"], outputs: ["batch"] },
      {
        operator: "Concat",
        inputs: ["batch", "each"],
        outputs: ["wanted"],
        attributes: { axis: 0 },
      },
      { operator: "Expand", inputs: ["boxes", "wanted"], outputs: ["repeated"] },
      {
        operator: "Concat",
        inputs: ["repeated", "scores"],
        outputs: ["output0"],
        attributes: { axis: 1 },
      },
    ],
    initializers: {
      // Red, less green and blue: nothing of grey and white is left.
      redness: tensor("float32", Float32Array.of(1, -1, -1), [1, 3, 1, 1]),
      flat: shape(0, 1, anchors),
      first: shape(0),
      each: shape(4, anchors),
      boxes: tensor("float32", boxes, [1, 4, anchors]),
    },
    metadata: {
      names: "{0: 'square'}",
      task: "detect",
      stride: "32",
      imgsz: `[${height}, ${width}]`,
    },
  });
}
