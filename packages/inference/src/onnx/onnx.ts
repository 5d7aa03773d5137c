import { access } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { abortable, MillraceError } from "@millrace/core";
import type { InferenceBackend, ModelSource } from "../inference-backend.ts";
import { warmUp } from "../warm-up.ts";
import { modelMetadata } from "./model-metadata.ts";
import type { OnnxOptions } from "./onnx-options.ts";
import { onnxSession } from "./onnx-session.ts";
import type { LoadedModel, LoadRequest } from "./worker-messages.ts";
import { type WorkerThread, workerThread } from "./worker-thread.ts";

/** Of the largest absolute value; float32 on another device differs by less than a tenth of it in practice. */
const TOLERANCE = 0.001;

/**
 * Runs ONNX models by ONNX Runtime, in worker threads: its `run` blocks the thread that calls it.
 *
 * Feeds in a `SharedArrayBuffer` reach the worker without a copy, and so do the outputs that are to be filled;
 * other feeds are copied once, and stay with the caller.
 *
 * @example
 * ```ts
 * import { tensor } from "@millrace/inference";
 * import { onnx } from "@millrace/inference/onnx";
 * import { affineModel } from "@millrace/inference/testing";
 *
 * await using session = await onnx().load(affineModel({ width: 2 }));
 * const { y } = await session.run({ x: tensor("float32", Float32Array.of(1, 2), [1, 2]) });
 * console.log(y?.data); // Float32Array [3, 5]
 * ```
 * @throws MillraceError INVALID_OPTION when there are no providers, or no workers or threads
 */
export function onnx(options: OnnxOptions = {}): InferenceBackend {
  const { workers = 1, threads = 1, executionProviders = ["cpu"], selfCheck = {} } = options;
  for (const [option, value] of Object.entries({ workers, threads })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new MillraceError("INVALID_OPTION", `onnx: ${option} is ${value}; give 1 or more.`);
  }
  if (executionProviders.length === 0) {
    throw new MillraceError("INVALID_OPTION", 'onnx: executionProviders is empty; give ["cpu"].');
  }
  const request: Omit<LoadRequest, "model"> = {
    kind: "load",
    module: String(options.module ?? "onnxruntime-node"),
    providers: executionProviders,
    onProviderRefused: options.onProviderRefused ?? "fail",
    selfCheck: { tolerance: selfCheck.tolerance ?? TOLERANCE, axes: selfCheck.axes ?? {} },
    session: {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: options.graphOptimization ?? "all",
      ...options.sessionOptions,
    },
  };
  return {
    apiVersion: 1,
    name: "onnx",
    capabilities: { dynamicAxes: true, preallocatedOutputs: true },
    async load(source, { signal, warmUp: sizes } = {}) {
      signal?.throwIfAborted();
      const model = await modelOf(source);
      const listeners: ((error: MillraceError) => void)[] = [];
      let dead: MillraceError | undefined;
      const onDeath = (error: MillraceError): void => {
        if (dead !== undefined) return;
        dead = error;
        for (const listener of listeners) listener(error);
      };
      const pool: WorkerThread[] = Array.from({ length: workers }, () => workerThread(onDeath));
      try {
        const loading = Promise.all(pool.map((thread) => thread.ask({ ...request, model })));
        const [loaded] = (await (signal === undefined ? loading : abortable(loading, signal))) as [
          LoadedModel,
        ];
        const session = onnxSession({
          ...loaded,
          threads: pool,
          metadata: await modelMetadata(model),
          onDeath: (listener) => listeners.push(listener),
        });
        await warmUp(session, sizes, signal);
        return session;
      } catch (error) {
        for (const thread of pool) void thread.end();
        throw error;
      }
    },
  };
}

async function modelOf(source: ModelSource): Promise<string | Uint8Array> {
  // A view passes to another thread with all of the buffer that it is a part of.
  if (source instanceof Uint8Array) return new Uint8Array(source);
  const url = source instanceof URL ? source : undefined;
  if (url !== undefined && url.protocol !== "file:") {
    throw new MillraceError(
      "INVALID_OPTION",
      `onnx: a model is read from a path, a file: URL or bytes, not from ${url.protocol}//; fetch it first.`,
    );
  }
  const path = url === undefined ? String(source) : fileURLToPath(url);
  try {
    await access(path);
  } catch (cause) {
    throw new MillraceError("NOT_FOUND", `onnx: there is no model at ${path}.`, { cause });
  }
  return path;
}
