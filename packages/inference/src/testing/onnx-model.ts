import { elementCount, type Tensor, type TensorType } from "../tensor.ts";
import { type ProtobufBytes, protobufBytes } from "./protobuf-bytes.ts";

/** An input or output of an {@link onnxModel}. */
export interface OnnxValue {
  readonly name: string;
  /** `float16` is there to test what a backend says of it. */
  readonly type: TensorType | "float16";
  /** A name in place of a size is an axis of any size. */
  readonly dims: readonly (number | string)[];
}

/** An attribute of a node: a whole number, numbers, a text, or a tensor; `{ float }` for one that is not whole. */
export type OnnxAttribute =
  | number
  | readonly number[]
  | string
  | Tensor
  | { readonly float: number };

/** One operator of an {@link onnxModel}. */
export interface OnnxNode {
  /** As ONNX names it: `"Conv"`. */
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  /** Operator set, for operators that are not ONNX's own. @defaultValue `""` */
  readonly domain?: string;
}

/** What {@link onnxModel} writes. */
export interface OnnxModelOptions {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly nodes: readonly OnnxNode[];
  /** Constants, such as weights, by name. */
  readonly initializers?: Readonly<Record<string, Tensor>>;
  /** `metadata_props`: what the file says of itself. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Version of ONNX's own operators. @defaultValue 17 */
  readonly opset?: number;
}

// Numbers of onnx.proto, https://github.com/onnx/onnx/blob/v1.17.0/onnx/onnx.proto
const IR_VERSION = 8;
const ELEMENT_TYPES: Readonly<Record<TensorType | "float16", number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
};
const ATTRIBUTE = { float: 1, integer: 2, text: 3, tensor: 4, integers: 7 } as const;

/**
 * Writes a model in the ONNX format, without any library: small models with known answers, for tests.
 *
 * @example
 * ```ts
 * import { onnxModel } from "@millrace/inference/testing";
 *
 * const value = { type: "float32", dims: ["batch", 2] } as const;
 * const bytes = onnxModel({
 *   inputs: [{ name: "x", ...value }],
 *   outputs: [{ name: "y", ...value }],
 *   nodes: [{ operator: "Relu", inputs: ["x"], outputs: ["y"] }],
 * });
 * console.log(bytes.length > 50); // true
 * ```
 */
export function onnxModel(options: OnnxModelOptions): Uint8Array {
  const { inputs, outputs, nodes, initializers = {}, metadata = {}, opset = 17 } = options;
  const graph = protobufBytes();
  for (const node of nodes) graph.bytes(1, nodeBytes(node));
  graph.text(2, "graph");
  for (const [name, value] of Object.entries(initializers))
    graph.bytes(5, tensorBytes(value, name));
  for (const value of inputs) graph.bytes(11, valueBytes(value));
  for (const value of outputs) graph.bytes(12, valueBytes(value));

  const model = protobufBytes().integer(1, IR_VERSION).text(2, "millrace");
  model.bytes(7, graph.finish());
  const domains = new Set(nodes.map(({ domain = "" }) => domain));
  for (const domain of new Set(["", ...domains])) {
    const version = domain === "" ? opset : 1;
    model.bytes(8, protobufBytes().text(1, domain).integer(2, version).finish());
  }
  for (const [key, value] of Object.entries(metadata)) {
    model.bytes(14, protobufBytes().text(1, key).text(2, value).finish());
  }
  return model.finish();
}

function nodeBytes({ operator, inputs, outputs, attributes = {}, domain }: OnnxNode): Uint8Array {
  const node = protobufBytes();
  for (const name of inputs) node.text(1, name);
  for (const name of outputs) node.text(2, name);
  node.text(4, operator);
  for (const [name, value] of Object.entries(attributes)) {
    node.bytes(5, attributeBytes(name, value));
  }
  if (domain !== undefined) node.text(7, domain);
  return node.finish();
}

function attributeBytes(name: string, value: OnnxAttribute): Uint8Array {
  const attribute = protobufBytes().text(1, name);
  const typed = (type: number): ProtobufBytes => attribute.integer(20, type);
  if (typeof value === "number") typed(ATTRIBUTE.integer).integer(3, value);
  else if (typeof value === "string") typed(ATTRIBUTE.text).text(4, value);
  else if ("float" in value) typed(ATTRIBUTE.float).float(2, value.float);
  else if ("dims" in value) typed(ATTRIBUTE.tensor).bytes(5, tensorBytes(value, name));
  else for (const item of typed(ATTRIBUTE.integers) && value) attribute.integer(8, item);
  return attribute.finish();
}

function tensorBytes({ type, data, dims }: Tensor, name: string): Uint8Array {
  if (elementCount(dims) !== data.length) throw new RangeError(`${name} does not fit its shape.`);
  const bytes = protobufBytes();
  for (const size of dims) bytes.integer(1, size);
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return bytes.integer(2, ELEMENT_TYPES[type]).text(8, name).bytes(9, raw).finish();
}

function valueBytes({ name, type, dims }: OnnxValue): Uint8Array {
  const shape = protobufBytes();
  for (const size of dims) {
    const dim = protobufBytes();
    shape.bytes(1, (typeof size === "number" ? dim.integer(1, size) : dim.text(2, size)).finish());
  }
  const tensorType = protobufBytes().integer(1, ELEMENT_TYPES[type]).bytes(2, shape.finish());
  const valueType = protobufBytes().bytes(1, tensorType.finish()).finish();
  return protobufBytes().text(1, name).bytes(2, valueType).finish();
}
