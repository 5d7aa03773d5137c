import { tensor } from "../tensor.ts";
import { onnxModel } from "./onnx-model.ts";

/** What {@link convolutionModel} is made of. */
export interface ConvolutionModelOptions {
  /** Channels of the picture. @defaultValue 3 */
  readonly channels?: number;
  /** Side of the square picture, an even number. @defaultValue 8 */
  readonly side?: number;
  /** Weights, `[2, channels, 3, 3]`. @defaultValue `((i * 7) % 11 - 5) / 10` of the i-th */
  readonly weights?: Float32Array;
}

/** Filters of the convolution. */
const FILTERS = 2;
const KERNEL = 3;

/**
 * An ONNX model of a convolution (3x3, padded), ReLU and a 2x2 maximum: float32 `[batch, channels, side, side]`
 * to `[batch, 2, side / 2, side / 2]`, batch of any size.
 *
 * @example
 * ```ts
 * import { convolutionModel } from "@millrace/inference/testing";
 *
 * const bytes = convolutionModel({ channels: 6, side: 16 });
 * ```
 */
export function convolutionModel(options: ConvolutionModelOptions = {}): Uint8Array {
  const { channels = 3, side = 8, weights = convolutionWeights(channels) } = options;
  return onnxModel({
    inputs: [{ name: "image", type: "float32", dims: ["batch", channels, side, side] }],
    outputs: [{ name: "features", type: "float32", dims: ["batch", FILTERS, side / 2, side / 2] }],
    nodes: [
      {
        operator: "Conv",
        inputs: ["image", "weights", "bias"],
        outputs: ["convolved"],
        attributes: { kernel_shape: [KERNEL, KERNEL], pads: [1, 1, 1, 1] },
      },
      { operator: "Relu", inputs: ["convolved"], outputs: ["positive"] },
      {
        operator: "MaxPool",
        inputs: ["positive"],
        outputs: ["features"],
        attributes: { kernel_shape: [2, 2], strides: [2, 2] },
      },
    ],
    initializers: {
      weights: tensor("float32", weights, [FILTERS, channels, KERNEL, KERNEL]),
      bias: tensor("float32", Float32Array.of(0.25, -0.25), [FILTERS]),
    },
  });
}

function convolutionWeights(channels: number): Float32Array {
  const count = FILTERS * channels * KERNEL * KERNEL;
  return Float32Array.from({ length: count }, (_, i) => (((i * 7) % 11) - 5) / 10);
}
