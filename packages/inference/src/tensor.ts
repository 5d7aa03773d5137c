import { MillraceError } from "@millrace/core";

/** Element types of a {@link Tensor}, by their ONNX names, and the array that holds each. */
export interface TensorData {
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly int8: Int8Array;
  readonly uint8: Uint8Array;
  readonly int16: Int16Array;
  readonly uint16: Uint16Array;
  readonly int32: Int32Array;
  readonly uint32: Uint32Array;
  readonly int64: BigInt64Array;
  readonly uint64: BigUint64Array;
  /** One byte an element, 0 or 1. */
  readonly bool: Uint8Array;
}

/** An element type of a {@link Tensor}. */
export type TensorType = keyof TensorData;

/**
 * Numbers in a shape, batch first, in row-major order without gaps: `data.length` is the product of `dims`.
 *
 * The array is the owner's: a backend reads it until its promise settles and never keeps it.
 */
export interface Tensor<Type extends TensorType = TensorType> {
  readonly type: Type;
  readonly data: TensorData[Type];
  readonly dims: readonly number[];
}

/**
 * Makes a tensor over an array, without a copy.
 *
 * @example
 * ```ts
 * import { tensor } from "@millrace/inference";
 *
 * const image = tensor("float32", new Float32Array(3 * 640 * 640), [1, 3, 640, 640]);
 * console.log(image.dims.length); // 4
 * ```
 * @throws MillraceError INVALID_OPTION when the shape does not hold exactly the array
 */
export function tensor<Type extends TensorType>(
  type: Type,
  data: TensorData[Type],
  dims: readonly number[],
): Tensor<Type> {
  const size = elementCount(dims);
  if (size !== data.length) {
    throw new MillraceError(
      "INVALID_OPTION",
      `A tensor of shape [${dims.join(", ")}] holds ${size} elements; the array has ${data.length}.`,
      { details: { dims: [...dims], length: data.length } },
    );
  }
  return { type, data, dims };
}

/** How many elements a shape holds; 1 for the shape of a scalar, `[]`. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, size) => product * size, 1);
}
