import type { NamedTensors, TensorSpec } from "../inference-backend.ts";
import type { Tensor } from "../tensor.ts";
import { isTensorType, tensorArray } from "../tensor-array.ts";
import { compareSessions } from "./compare-sessions.ts";
import { onnxFailure } from "./onnx-failure.ts";
import type {
  OnnxLibrary,
  OnnxLibrarySession,
  OnnxLibraryTensor,
  OnnxValueMetadata,
} from "./onnx-library.ts";
import type { ProviderOption } from "./onnx-options.ts";
import type { LoadedModel, LoadRequest, WorkerFailure } from "./worker-messages.ts";

/** A model in the thread that runs it. */
export interface OnnxModel extends LoadedModel {
  /** @param outputs - arrays to fill in place of new ones */
  run(feeds: NamedTensors, outputs?: NamedTensors): Promise<NamedTensors>;
  release(): Promise<void>;
}

const CPU = "cpu";
const ON_GPU: ReadonlySet<string> = new Set([
  "cuda",
  "tensorrt",
  "webgpu",
  "dml",
  "coreml",
  "rocm",
]);

/** Loads a model with the first of its providers that is not refused. */
export async function loadOnnxModel(
  library: OnnxLibrary,
  request: LoadRequest,
): Promise<OnnxModel> {
  const refusals: string[] = [];
  for (const provider of request.providers) {
    const name = nameOf(provider);
    if (name === CPU) return await openModel(library, request, CPU, refusals);
    let model: OnnxModel | undefined;
    try {
      model = await openModel(library, request, provider, refusals);
      const difference = await differenceFromCpu(library, request, model);
      if (difference <= request.selfCheck.tolerance) return model;
      refusals.push(
        `${name} gives other answers than cpu: they differ by ${difference.toPrecision(3)}, where ${request.selfCheck.tolerance} is allowed`,
      );
    } catch (error) {
      const { code, message } = onnxFailure(error, `loading with ${name}`);
      // A model that is broken is broken everywhere.
      if (code === "CORRUPT_INPUT" || code === "NOT_FOUND") throw { code, message };
      refusals.push(`${name} cannot be used: ${message}`);
    }
    await model?.release();
  }
  if (request.onProviderRefused === "cpu") return await openModel(library, request, CPU, refusals);
  throw {
    code: "UNSUPPORTED",
    message: `onnx: ${refusals.join("; ")}. Add "cpu" to executionProviders, or set onProviderRefused: "cpu".`,
  } satisfies WorkerFailure;
}

async function openModel(
  library: OnnxLibrary,
  { model, session: options }: LoadRequest,
  provider: ProviderOption,
  refusals: readonly string[],
): Promise<OnnxModel> {
  const session = await library.InferenceSession.create(model, {
    ...options,
    executionProviders: [provider],
  });
  const kind = nameOf(provider);
  const device = {
    runtime: `onnxruntime-node ${library.env.versions?.node ?? "of unknown version"}`,
    kind,
    gpu: ON_GPU.has(kind),
    ...(refusals.length > 0 && { fallback: refusals.join("; ") }),
  };
  return {
    inputs: session.inputMetadata.map(specOf),
    outputs: session.outputMetadata.map(specOf),
    device,
    run: (feeds, outputs = {}) => runSession(library, session, feeds, outputs),
    release: () => session.release(),
  };
}

async function differenceFromCpu(
  library: OnnxLibrary,
  request: LoadRequest,
  candidate: OnnxModel,
): Promise<number> {
  const reference = await openModel(library, request, CPU, []);
  try {
    return await compareSessions(candidate, reference, request.selfCheck.axes);
  } finally {
    await reference.release();
  }
}

async function runSession(
  library: OnnxLibrary,
  session: OnnxLibrarySession,
  feeds: NamedTensors,
  outputs: NamedTensors,
): Promise<NamedTensors> {
  const given = ({ type, data, dims }: Tensor): OnnxLibraryTensor =>
    new library.Tensor(type as never, data as never, dims);
  const all = (tensors: NamedTensors): Record<string, OnnxLibraryTensor> =>
    Object.fromEntries(Object.entries(tensors).map(([name, value]) => [name, given(value)]));
  const missing = session.outputMetadata
    .filter(({ name }) => outputs[name] === undefined)
    .map(({ name }) => [name, null] as const);
  const results = await session.run(all(feeds), {
    ...Object.fromEntries(missing),
    ...all(outputs),
  });
  return Object.fromEntries(
    Object.entries(results).map(([name, result]) => [
      name,
      outputs[name] ?? tensorOf(name, result),
    ]),
  );
}

function tensorOf(name: string, { type, data, dims }: OnnxLibraryTensor): Tensor {
  if (!isTensorType(type)) throw unsupported(name, type);
  const { buffer, byteOffset, byteLength } = data as Uint8Array;
  const arrays = tensorArray(type);
  const values = new arrays(buffer, byteOffset, byteLength / arrays.BYTES_PER_ELEMENT);
  return { type, data: values, dims: [...dims] };
}

function specOf({ name, isTensor, type = "", shape = [] }: OnnxValueMetadata): TensorSpec {
  if (!isTensor || !isTensorType(type)) throw unsupported(name, isTensor ? type : "no tensor");
  return { name, type, dims: [...shape] };
}

function unsupported(name: string, type: string): WorkerFailure {
  const reason =
    type === "float16"
      ? "onnxruntime-node takes no float16 tensors on Node 23 and later (microsoft/onnxruntime 32323); export the model with float32 inputs and outputs, which may have float16 weights"
      : "only tensors of numbers and bools are taken";
  return { code: "UNSUPPORTED", message: `onnx: "${name}" is ${type}, and ${reason}.` };
}

function nameOf(provider: ProviderOption): string {
  return typeof provider === "string" ? provider : provider.name;
}
