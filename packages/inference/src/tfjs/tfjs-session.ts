import { MillraceError } from "@millrace/core";
import { checkFeeds } from "../check-feeds.ts";
import { fillOutputs } from "../fill-outputs.ts";
import type { InferenceSession, NamedTensors, TensorSpec } from "../inference-backend.ts";
import { serialRuns } from "../serial-runs.ts";
import type { Tensor, TensorType } from "../tensor.ts";
import type { TfjsLibrary, TfjsTensor } from "./tfjs-library.ts";

/** The library's tensors, by name. */
export type NamedTfjsTensors = Readonly<Record<string, TfjsTensor>>;

/** What a {@link tfjsSession} runs. */
export interface TfjsProgram {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** The tensors that it returns are disposed of by the session. */
  execute(feeds: NamedTfjsTensors): Promise<NamedTfjsTensors>;
  release(): void;
}

const TYPES: ReadonlySet<string> = new Set(["float32", "int32", "bool"] satisfies TensorType[]);
const ON_GPU: ReadonlySet<string> = new Set(["webgl", "webgpu"]);

/**
 * A session over a program of the library. Runs go one after another: the library keeps one account of tensors, which
 * overlapping runs would mix up.
 */
export function tfjsSession(library: TfjsLibrary, program: TfjsProgram): InferenceSession {
  const { inputs, outputs } = program;
  for (const { name, type } of [...inputs, ...outputs]) {
    if (!TYPES.has(type)) {
      throw new MillraceError(
        "UNSUPPORTED",
        `tfjs: "${name}" is ${type}; TensorFlow.js has float32, int32 and bool.`,
      );
    }
  }
  const runs = serialRuns("tfjs");
  const kind = library.getBackend();

  const execute = async (feeds: NamedTensors): Promise<NamedTensors> => {
    const given: Record<string, TfjsTensor> = {};
    let results: NamedTfjsTensors = {};
    try {
      for (const [name, { data, dims, type }] of Object.entries(feeds)) {
        given[name] = library.tensor(data, dims, type);
      }
      results = await program.execute(given);
      const entries = Object.entries(results).map(async ([name, result]) => [
        name,
        await tensorOf(name, result),
      ]);
      return Object.fromEntries(await Promise.all(entries));
    } catch (error) {
      throw failureOf(error);
    } finally {
      for (const held of new Set([...Object.values(given), ...Object.values(results)])) {
        held.dispose();
      }
    }
  };

  const close = (): Promise<void> => runs.close(() => program.release());
  return {
    inputs,
    outputs,
    metadata: {},
    device: {
      runtime: `tfjs ${library.version.tfjs ?? library.version["tfjs-core"] ?? "of unknown version"}`,
      kind,
      gpu: ON_GPU.has(kind),
    },
    run(feeds, { signal, outputs: own } = {}) {
      return runs.run(async () => {
        checkFeeds(inputs, feeds);
        return fillOutputs(await execute(feeds), own);
      }, signal);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Always a copy: the library's array may be its own memory, or the caller's feed. */
async function tensorOf(name: string, result: TfjsTensor): Promise<Tensor> {
  const data = await result.data();
  const dims = [...result.shape];
  if (data instanceof Float32Array) return { type: "float32", data: new Float32Array(data), dims };
  if (data instanceof Int32Array) return { type: "int32", data: new Int32Array(data), dims };
  if (data instanceof Uint8Array) return { type: "bool", data: new Uint8Array(data), dims };
  throw new MillraceError(
    "UNSUPPORTED",
    `tfjs: the output "${name}" is ${result.dtype}; only numbers and bools are taken.`,
  );
}

function failureOf(error: unknown): unknown {
  if (MillraceError.is(error)) return error;
  const text = error instanceof Error ? error.message : String(error);
  const unknown = /Unknown op|not registered for the backend|is not supported/i.test(text);
  return unknown
    ? new MillraceError("UNSUPPORTED", `tfjs: the backend lacks an operator: ${text}`, {
        cause: error,
      })
    : new MillraceError("INTERNAL", `tfjs: running the model failed: ${text}`, { cause: error });
}
