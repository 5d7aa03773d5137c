import { MillraceError } from "@millrace/core";
import type { NamedTensors, TensorSpec } from "../inference-backend.ts";
import { elementCount, type Tensor, type TensorType } from "../tensor.ts";
import { tensorArray } from "../tensor-array.ts";

/** Header that tells where the JSON of a body ends and the bytes of the tensors begin. */
export const JSON_LENGTH = "inference-header-content-length";

const DATATYPES: Readonly<Record<TensorType, string>> = {
  float32: "FP32",
  float64: "FP64",
  int8: "INT8",
  uint8: "UINT8",
  int16: "INT16",
  uint16: "UINT16",
  int32: "INT32",
  uint32: "UINT32",
  int64: "INT64",
  uint64: "UINT64",
  bool: "BOOL",
};
const TYPES: ReadonlyMap<string, TensorType> = new Map(
  Object.entries(DATATYPES).map(([type, datatype]) => [datatype, type as TensorType]),
);

/** The element type of a KServe datatype; undefined for those without one here, such as FP16 and BYTES. */
export function typeOfDatatype(datatype: string): TensorType | undefined {
  return TYPES.get(datatype);
}

/** A request for a run, as the protocol has it. */
export interface InferBody {
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Writes the body of a run.
 *
 * @throws MillraceError INVALID_OPTION when JSON has no word for a number
 */
export function inferBody(
  feeds: NamedTensors,
  outputs: readonly TensorSpec[],
  binary: boolean,
): InferBody {
  const parts: Uint8Array[] = [];
  const inputs = Object.entries(feeds).map(([name, tensor]) => {
    const { type, dims, data } = tensor;
    const head = `{"name":${JSON.stringify(name)},"shape":[${dims.join()}],"datatype":"${DATATYPES[type]}"`;
    if (!binary) return `${head},"data":[${numbersOf(name, tensor)}]}`;
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return `${head},"parameters":{"binary_data_size":${data.byteLength}}}`;
  });
  const wanted = outputs.map(({ name }) => ({ name, parameters: { binary_data: true } }));
  const asked = binary ? `,"outputs":${JSON.stringify(wanted)}` : "";
  const json = new TextEncoder().encode(`{"inputs":[${inputs.join()}]${asked}}`);
  if (!binary) return { body: json, headers: { "content-type": "application/json" } };
  return {
    body: Buffer.concat([json, ...parts]),
    headers: { "content-type": "application/octet-stream", [JSON_LENGTH]: String(json.length) },
  };
}

function numbersOf(name: string, { type, data }: Tensor): string {
  if (type === "bool") return Array.from(data as Uint8Array, (value) => value !== 0).join();
  if (type.startsWith("float") && !(data as Float32Array).every(Number.isFinite)) {
    throw new MillraceError(
      "INVALID_OPTION",
      `kserve: the input "${name}" has NaN or an infinity, which JSON has no word for; set binary: true.`,
    );
  }
  return data.join();
}

interface OutputJson {
  readonly name?: unknown;
  readonly shape?: unknown;
  readonly datatype?: unknown;
  readonly data?: unknown;
  readonly parameters?: { readonly binary_data_size?: unknown };
}

/**
 * Reads the answer to a run.
 *
 * @param jsonLength - what the header {@link JSON_LENGTH} says
 * @throws MillraceError REMOTE_FAILED when it is not what the protocol says
 */
export function inferAnswer(bytes: Uint8Array, jsonLength: string | null): NamedTensors {
  const end = jsonLength === null ? bytes.length : Number(jsonLength);
  if (!Number.isInteger(end) || end < 0 || end > bytes.length) {
    throw malformed(`says that ${jsonLength} of ${bytes.length} bytes are JSON`);
  }
  const outputs = outputsIn(new TextDecoder().decode(bytes.subarray(0, end)));
  const results: Record<string, Tensor> = {};
  let at = end;
  for (const { name, shape, datatype, data, parameters } of outputs) {
    const type = typeOfDatatype(String(datatype));
    const isShape =
      Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size >= 0);
    if (typeof name !== "string" || type === undefined || !isShape) {
      throw malformed(`has an output ${String(name)} of ${String(datatype)} [${String(shape)}]`);
    }
    const dims: readonly number[] = shape;
    const count = elementCount(dims);
    const size = parameters?.binary_data_size;
    if (typeof size === "number") {
      const given = bytes.subarray(at, at + size);
      const values = fromBytes(type, given);
      at += size;
      if (values?.length !== count) {
        throw malformed(`has ${given.length} bytes for "${name}", ${type} [${dims}]`);
      }
      results[name] = { type, data: values, dims } as Tensor;
      continue;
    }
    const values = Array.isArray(data) ? data.flat(Number.POSITIVE_INFINITY) : [];
    if (values.length !== count)
      throw malformed(`has ${values.length} numbers for "${name}" [${dims}]`);
    const array = new (tensorArray(type))(count);
    for (const [i, value] of values.entries()) {
      array[i] = type === "int64" || type === "uint64" ? BigInt(value) : Number(value);
    }
    results[name] = { type, data: array, dims } as Tensor;
  }
  if (at !== bytes.length && jsonLength !== null)
    throw malformed("has bytes that belong to no output");
  return results;
}

/** A copy, as the bytes need not begin where the type has to. */
function fromBytes(type: TensorType, bytes: Uint8Array): Tensor["data"] | undefined {
  const arrays = tensorArray(type);
  if (bytes.length % arrays.BYTES_PER_ELEMENT !== 0) return undefined;
  const copy = bytes.slice();
  return new arrays(copy.buffer, 0, copy.length / arrays.BYTES_PER_ELEMENT);
}

function outputsIn(text: string): readonly OutputJson[] {
  try {
    const { outputs } = JSON.parse(text, exactly);
    if (Array.isArray(outputs)) return outputs;
  } catch (cause) {
    throw malformed("is no JSON", cause);
  }
  throw malformed("has no outputs");
}

/** Keeps whole numbers that a double does not hold. */
function exactly(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const isLarge =
    typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
  const source = context?.source ?? "";
  return isLarge && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

function malformed(what: string, cause?: unknown): MillraceError {
  return new MillraceError(
    "REMOTE_FAILED",
    `kserve: the answer ${what}, which is not the protocol; is the URL that of a KServe v2 server?`,
    { cause },
  );
}
