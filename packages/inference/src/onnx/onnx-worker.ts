// The thread of one ONNX model. An entry of its own: `run` of ONNX Runtime blocks the thread that calls it.
import { parentPort } from "node:worker_threads";
import type { NamedTensors } from "../inference-backend.ts";
import { onnxFailure } from "./onnx-failure.ts";
import { INSTALL_ONNX, type OnnxLibrary } from "./onnx-library.ts";
import { loadOnnxModel, type OnnxModel } from "./onnx-model.ts";
import type {
  LoadRequest,
  ReleaseRequest,
  WorkerFailure,
  WorkerReply,
  WorkerRequest,
} from "./worker-messages.ts";

/** The package as it is, held against what is used of it. */
type Package = Pick<typeof import("onnxruntime-node"), "env" | "Tensor" | "InferenceSession">;

let model: OnnxModel | undefined;

/** Requests one after another: the next one may release what this one uses. */
let last: Promise<void> = Promise.resolve();

parentPort?.on("message", (request: WorkerRequest) => {
  last = last.then(() => serve(request));
});

async function serve(request: WorkerRequest): Promise<void> {
  if (request.kind === "release") {
    await model?.release().catch(() => {});
    // Nothing listens any more, so the thread ends by itself.
    parentPort?.close();
    return;
  }
  try {
    const value = await answer(request);
    reply({ ok: true, value }, request.kind === "run" ? buffersOf(value as NamedTensors) : []);
  } catch (error) {
    reply({ ok: false, failure: onnxFailure(error, request.kind) });
  }
}

async function answer(request: Exclude<WorkerRequest, ReleaseRequest>): Promise<unknown> {
  if (request.kind === "load") {
    model = await loadOnnxModel(await importLibrary(request), request);
    const { inputs, outputs, device } = model;
    return { inputs, outputs, device };
  }
  if (model === undefined) throw new Error("no model is loaded");
  return await model.run(request.feeds, request.outputs);
}

async function importLibrary({ module }: LoadRequest): Promise<OnnxLibrary> {
  try {
    const loaded: Package & { readonly default: Package } = await import(module);
    const library: OnnxLibrary = "InferenceSession" in loaded ? loaded : loaded["default"];
    // It would write to this process's error output; what it says comes with its errors.
    library.env.logLevel = "fatal";
    return library;
  } catch (error) {
    const failure: WorkerFailure = {
      code: "MISSING_DEPENDENCY",
      message: `onnx: the package ${module} cannot be loaded (${(error as Error).message}); install it: ${INSTALL_ONNX}`,
    };
    throw failure;
  }
}

function reply(message: WorkerReply, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

/** What can be handed over; shared memory needs not be. */
function buffersOf(tensors: NamedTensors): ArrayBuffer[] {
  const buffers = Object.values(tensors).map(({ data }) => data.buffer);
  return [...new Set(buffers)].filter((buffer) => buffer instanceof ArrayBuffer);
}
