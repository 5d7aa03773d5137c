import { fileURLToPath } from "node:url";
import { MillraceError, redactUrl } from "@millrace/core";
import type {
  InferenceBackend,
  InferenceSession,
  LoadModelOptions,
  ModelSource,
  TensorSpec,
} from "../inference-backend.ts";
import type { TensorType } from "../tensor.ts";
import { warmUp } from "../warm-up.ts";
import {
  loadTfjsLibrary,
  type TfjsLibrary,
  type TfjsModel,
  type TfjsTensorInfo,
} from "./tfjs-library.ts";
import { readTfjsModel } from "./tfjs-model-file.ts";
import { type NamedTfjsTensors, type TfjsProgram, tfjsSession } from "./tfjs-session.ts";

/** Options of {@link tfjs}. */
export interface TfjsOptions {
  /**
   * The library: `@tensorflow/tfjs-node-gpu`, `@tensorflow/tfjs-node`, or a build of one's own.
   *
   * @defaultValue `@tensorflow/tfjs`, imported when the first model is loaded
   */
  readonly lib?: TfjsLibrary;
  /**
   * What the library is to run on, such as `"wasm"` after `@tensorflow/tfjs-backend-wasm` was imported. It holds
   * for the whole library.
   *
   * @defaultValue what it is set to
   */
  readonly backend?: string;
  /** What lies at a URL that is read by HTTP; a file says so itself. @defaultValue `"graph"` */
  readonly format?: "graph" | "layers";
}

/** A function of tensors, as a model. */
export interface TfjsFunction {
  /** float32, int32 and bool. */
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Called within `tf.tidy`, so it may leave tensors behind; it must not be asynchronous. */
  run(feeds: NamedTfjsTensors): NamedTfjsTensors;
}

/** A backend that also takes what is no file. */
export interface TfjsBackend extends InferenceBackend {
  /** A session over a model that is loaded already; closing the session leaves the model alone. */
  fromModel(model: TfjsModel, options?: LoadModelOptions): Promise<InferenceSession>;
  /** A session over a function. */
  fromFunction(definition: TfjsFunction, options?: LoadModelOptions): Promise<InferenceSession>;
}

/**
 * Runs models by TensorFlow.js: a graph or layers model from its `model.json`, a model that is loaded already, or a
 * function of tensors. Axes are in the order that the model has, which is mostly height, width, channels.
 *
 * It runs in the thread that calls it. The backends `cpu` and `wasm` block that thread while they run.
 *
 * @example
 * ```ts no-run
 * import { tensor } from "@millrace/inference";
 * import { tfjs } from "@millrace/inference/tfjs";
 *
 * await using session = await tfjs({ backend: "cpu" }).load("model/model.json");
 * const image = tensor("float32", new Float32Array(224 * 224 * 3), [1, 224, 224, 3]);
 * console.log(await session.run({ image }));
 * ```
 */
export function tfjs(options: TfjsOptions = {}): TfjsBackend {
  let loading: Promise<TfjsLibrary> | undefined;
  const ready = async (): Promise<TfjsLibrary> => {
    const library = await (options.lib ?? loadTfjsLibrary());
    if (options.backend !== undefined && library.getBackend() !== options.backend) {
      // The library answers false to some and throws at others.
      const set = await library.setBackend(options.backend).catch(() => false);
      if (!set) throw noBackend(options.backend);
    }
    await library.ready();
    return library;
  };
  const open = async (
    program: (library: TfjsLibrary) => Promise<TfjsProgram>,
    { signal, warmUp: sizes }: LoadModelOptions = {},
  ): Promise<InferenceSession> => {
    signal?.throwIfAborted();
    loading ??= ready();
    const library = await loading.catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    const session = tfjsSession(library, await program(library));
    try {
      signal?.throwIfAborted();
      await warmUp(session, sizes, signal);
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  };

  return {
    apiVersion: 1,
    name: "tfjs",
    capabilities: { dynamicAxes: true, preallocatedOutputs: false },
    load: (source, load) =>
      open(async (library) => {
        const model = await loadModel(library, source, options.format ?? "graph");
        return { ...programOf(model), release: () => void model.dispose() };
      }, load),
    fromModel: (model, load) => open(async () => programOf(model), load),
    fromFunction: ({ inputs, outputs, run }, load) =>
      open(
        async (library) => ({
          inputs,
          outputs,
          execute: async (feeds) => library.tidy(() => run(feeds)),
          release: () => {},
        }),
        load,
      ),
  };
}

async function loadModel(
  library: TfjsLibrary,
  source: ModelSource,
  format: "graph" | "layers",
): Promise<TfjsModel> {
  if (source instanceof Uint8Array) {
    throw new MillraceError(
      "INVALID_OPTION",
      "tfjs: a model is a model.json with files beside it; give its path or URL, not bytes.",
    );
  }
  const text = String(source);
  if (/^https?:/i.test(text)) {
    const load = format === "graph" ? library.loadGraphModel : library.loadLayersModel;
    return await load(text).catch((cause: unknown) => {
      throw new MillraceError("NOT_FOUND", `tfjs: no model can be read from ${redactUrl(text)}.`, {
        cause,
      });
    });
  }
  const path = text.startsWith("file:") ? fileURLToPath(text) : text;
  const file = await readTfjsModel(path);
  const load = file.format === "graph-model" ? library.loadGraphModel : library.loadLayersModel;
  try {
    return await load(library.io.fromMemory(file.artifacts));
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError("CORRUPT_INPUT", `tfjs: ${path} is no model: ${said}`, { cause });
  }
}

function programOf(model: TfjsModel): TfjsProgram {
  const inputs = model.inputs.map(specOf);
  const outputs = model.outputs.map(specOf);
  const names = outputs.map(({ name }) => name);
  let isDynamic = false;
  const run = async (feeds: NamedTfjsTensors): Promise<unknown> => {
    // A sequential model of the layers format has an `execute`, too, which takes other feeds.
    if (model.execute === undefined || model.executeAsync === undefined) {
      return model.predict(inputs.map(({ name }) => feeds[name]));
    }
    if (isDynamic) return await model.executeAsync(feeds, names);
    try {
      return model.execute(feeds, names);
    } catch (error) {
      // Only a model with control flow needs the other one, which warns of all others.
      if (!/executeAsync/.test(String(error))) throw error;
      isDynamic = true;
      return await model.executeAsync(feeds, names);
    }
  };
  return {
    inputs,
    outputs,
    async execute(feeds) {
      const results = await run(feeds);
      const list = Array.isArray(results) ? results : [results];
      return Object.fromEntries(names.map((name, i) => [name, list[i]]));
    },
    release: () => {},
  };
}

function specOf({ name, shape = [], dtype }: TfjsTensorInfo): TensorSpec {
  const dims = shape.map((size, i) => {
    if (size !== null && size >= 0) return size;
    // Formats of the library have no names for axes.
    return i === 0 ? "batch" : "";
  });
  return { name, type: dtype as TensorType, dims };
}

function noBackend(name: string): MillraceError {
  return new MillraceError(
    "UNSUPPORTED",
    `tfjs: there is no backend "${name}"; import the package that brings it, such as @tensorflow/tfjs-backend-wasm.`,
  );
}
