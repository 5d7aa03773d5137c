import type { Tensor, TensorType } from "./tensor.ts";

/** Tensors by the names that the model gives its inputs or outputs. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** An input or output as the model declares it. */
export interface TensorSpec {
  readonly name: string;
  readonly type: TensorType;
  /** Its shape; a name in place of a size is an axis that may have any size, such as `"batch"`. */
  readonly dims: readonly (number | string)[];
}

/** Where a session really runs, told by the runtime after loading and not taken from the options. */
export interface InferenceDevice {
  /** The runtime and its version, such as `"onnxruntime-node 1.30.0"`. */
  readonly runtime: string;
  /** `"cpu"`, `"cuda"`, `"webgpu"`, `"wasm"`, or `"remote"`. */
  readonly kind: string;
  /** Whether it is a GPU. */
  readonly gpu: boolean;
  /** Why a device that was asked for is not the one in use; undefined when it is. */
  readonly fallback?: string;
}

/** What {@link InferenceSession.run} may be told. */
export interface InferenceRunOptions {
  /** Rejects with its reason at once. What the device has begun may go on; its result is thrown away. */
  readonly signal?: AbortSignal;
  /**
   * Outputs to fill in place of new ones, by name; type and shape must be those of the result. After an
   * abort they may still be written to.
   */
  readonly outputs?: NamedTensors;
}

/** A loaded model. Calls may overlap; a session puts them in order where its runtime needs that. */
export interface InferenceSession extends AsyncDisposable {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly device: InferenceDevice;
  /** What the model's file says of itself, such as class names. Untrusted text. */
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Runs the model once. The feeds must not change until the promise settles; the outputs are the caller's.
   *
   * @throws MillraceError INVALID_OPTION when a feed is missing, unknown, or of another type or shape, CLOSED
   * after {@link InferenceSession.close}, and the signal's reason when it is aborted
   */
  run(feeds: NamedTensors, options?: InferenceRunOptions): Promise<NamedTensors>;
  /** Waits for the runs that were asked for before, then frees the model; again, it does nothing. */
  close(): Promise<void>;
}

/** What {@link InferenceBackend.load} may be told; a backend has further options at its factory. */
export interface LoadModelOptions {
  readonly signal?: AbortSignal;
  /**
   * Sizes of named axes to run once with zeros before the model is handed over, so that the first
   * real run costs no more than the others: `[{ batch: 1 }, { batch: 8 }]`.
   *
   * @defaultValue none
   */
  readonly warmUp?: readonly Readonly<Record<string, number>>[];
}

/** A model: where its file is (a path, or a URL where the backend reads those), or its bytes. */
export type ModelSource = string | URL | Uint8Array;

/** What a backend can promise, as data. */
export interface InferenceCapabilities {
  /** Named axes may have another size in each run. */
  readonly dynamicAxes: boolean;
  /** {@link InferenceRunOptions.outputs} are filled without another copy. */
  readonly preallocatedOutputs: boolean;
}

/** A runtime for models, as a plugin. */
export interface InferenceBackend {
  /** Version of this contract. */
  readonly apiVersion: 1;
  /** Short noun for messages and reports. */
  readonly name: string;
  readonly capabilities: InferenceCapabilities;
  /**
   * Loads a model.
   *
   * @throws MillraceError MISSING_DEPENDENCY when the runtime is not installed, NOT_FOUND when there is no
   * such file, CORRUPT_INPUT when the model cannot be read, UNSUPPORTED when the runtime lacks an operator
   * or a device
   */
  load(model: ModelSource, options?: LoadModelOptions): Promise<InferenceSession>;
}

declare module "@millrace/core" {
  interface PluginKinds {
    "inference-backend": InferenceBackend;
  }
}
