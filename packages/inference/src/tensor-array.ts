import type { TensorData, TensorType } from "./tensor.ts";

/** A class of typed arrays, as far as tensors need it. */
interface ArrayClass<Type extends TensorType> {
  new (length: number): TensorData[Type];
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TensorData[Type];
  readonly BYTES_PER_ELEMENT: number;
  readonly name: string;
}

/** The class of the array that holds each element type. */
const CLASSES: { readonly [Type in TensorType]: ArrayClass<Type> } = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};

/** The class of the arrays that hold an element type. */
export function tensorArray<Type extends TensorType>(type: Type): ArrayClass<Type> {
  return CLASSES[type] as unknown as ArrayClass<Type>;
}

/** Whether there are tensors of that type here; runtimes have more, such as `float16` and `string`. */
export function isTensorType(type: string): type is TensorType {
  return Object.hasOwn(CLASSES, type);
}
