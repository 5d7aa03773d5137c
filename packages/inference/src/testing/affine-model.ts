import { tensor } from "../tensor.ts";
import { onnxModel } from "./onnx-model.ts";

/** What {@link affineModel} computes. */
export interface AffineModelOptions {
  /** Elements of a row. @defaultValue 4 */
  readonly width?: number;
  /** @defaultValue 2 */
  readonly scale?: number;
  /** @defaultValue 1 */
  readonly offset?: number;
  /** @defaultValue `{ author: "millrace" }` */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * An ONNX model that computes `y = scale * x + offset`, of float32 `[batch, width]`, batch of any size.
 *
 * @example
 * ```ts
 * import { affineModel } from "@millrace/inference/testing";
 *
 * const bytes = affineModel({ width: 3, scale: 10 });
 * ```
 */
export function affineModel(options: AffineModelOptions = {}): Uint8Array {
  const { width = 4, scale = 2, offset = 1, metadata = { author: "millrace" } } = options;
  const value = { type: "float32", dims: ["batch", width] } as const;
  return onnxModel({
    inputs: [{ name: "x", ...value }],
    outputs: [{ name: "y", ...value }],
    nodes: [
      { operator: "Mul", inputs: ["x", "scale"], outputs: ["scaled"] },
      { operator: "Add", inputs: ["scaled", "offset"], outputs: ["y"] },
    ],
    initializers: {
      scale: tensor("float32", Float32Array.of(scale), []),
      offset: tensor("float32", Float32Array.of(offset), []),
    },
    metadata,
  });
}
