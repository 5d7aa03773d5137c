import { tensor } from "../tensor.ts";
import { onnxModel } from "./onnx-model.ts";

/** What {@link colourDetectorModel} is made of. */
export interface ColourDetectorOptions {
  /** Width and height of the picture in pixels; multiples of `cell`. @defaultValue 64 */
  readonly width?: number;
  /** @defaultValue 64 */
  readonly height?: number;
  /** Side of a cell in pixels: one anchor, whose box is the cell itself. @defaultValue 16 */
  readonly cell?: number;
  /** Names of the classes, for the channels red, green and blue. @defaultValue `["red", "green", "blue"]` */
  readonly names?: readonly [string, string, string];
}

const CLASSES = 3;

/**
 * An ONNX model with the shapes of a YOLOv8 detector and answers that can be worked out by hand.
 *
 * Input `images`: float32 `[batch, 3, height, width]`, RGB, 0..1. Output `output0`: float32 `[batch, 7, anchors]`;
 * one anchor a cell of the grid, row by row; the rows are centre x, centre y, width and height of the cell in
 * pixels, then a score a class: the mean of the class's channel over the cell, less those of the two other
 * channels, not below 0. So a cell that is wholly pure red has the score 1 for `red` and 0 for the others,
 * and grey or white has none. `metadata_props` are those of Ultralytics: `names`, `stride`, `task`, `imgsz`, `batch`.
 *
 * @example
 * ```ts
 * import { colourDetectorModel } from "@millrace/inference/testing";
 *
 * const bytes = colourDetectorModel({ width: 640, height: 384, cell: 32 });
 * ```
 */
export function colourDetectorModel(options: ColourDetectorOptions = {}): Uint8Array {
  const { width = 64, height = 64, cell = 16, names = ["red", "green", "blue"] } = options;
  const columns = width / cell;
  const rows = height / cell;
  if (!Number.isInteger(columns) || !Number.isInteger(rows)) {
    throw new RangeError(`${width}x${height} is no whole number of cells of ${cell} pixels.`);
  }
  const anchors = columns * rows;
  const boxes = new Float32Array(4 * anchors);
  for (let anchor = 0; anchor < anchors; anchor++) {
    boxes[anchor] = ((anchor % columns) + 0.5) * cell;
    boxes[anchors + anchor] = (Math.floor(anchor / columns) + 0.5) * cell;
    boxes.fill(cell, 2 * anchors + anchor, 2 * anchors + anchor + 1);
    boxes.fill(cell, 3 * anchors + anchor, 3 * anchors + anchor + 1);
  }
  // A channel counts for its own class and against the others.
  const mix = Float32Array.from({ length: CLASSES * CLASSES }, (_, i) =>
    i % (CLASSES + 1) === 0 ? 1 : -1,
  );
  const shape = (...sizes: number[]) =>
    tensor("int64", BigInt64Array.from(sizes, BigInt), [sizes.length]);
  return onnxModel({
    inputs: [{ name: "images", type: "float32", dims: ["batch", CLASSES, height, width] }],
    outputs: [{ name: "output0", type: "float32", dims: ["batch", 4 + CLASSES, anchors] }],
    nodes: [
      {
        operator: "AveragePool",
        inputs: ["images"],
        outputs: ["means"],
        attributes: { kernel_shape: [cell, cell], strides: [cell, cell] },
      },
      { operator: "Conv", inputs: ["means", "mix"], outputs: ["mixed"] },
      { operator: "Relu", inputs: ["mixed"], outputs: ["positive"] },
      { operator: "Reshape", inputs: ["positive", "flat"], outputs: ["scores"] },
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
      mix: tensor("float32", mix, [CLASSES, CLASSES, 1, 1]),
      flat: shape(0, CLASSES, anchors),
      first: shape(0),
      each: shape(4, anchors),
      boxes: tensor("float32", boxes, [1, 4, anchors]),
    },
    metadata: {
      names: `{${names.map((name, i) => `${i}: '${name}'`).join(", ")}}`,
      stride: String(cell),
      task: "detect",
      imgsz: `[${height}, ${width}]`,
      batch: "1",
    },
  });
}
