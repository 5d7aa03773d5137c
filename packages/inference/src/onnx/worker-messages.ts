import type { MillraceErrorCode } from "@millrace/core";
import type { InferenceDevice, NamedTensors, TensorSpec } from "../inference-backend.ts";
import type { ProviderOption } from "./onnx-options.ts";

/** Loads the runtime and a model; the first message of a worker. */
export interface LoadRequest {
  readonly kind: "load";
  /** Where the runtime is imported from. */
  readonly module: string;
  /** A path, or the bytes. */
  readonly model: string | Uint8Array;
  readonly providers: readonly ProviderOption[];
  readonly onProviderRefused: "fail" | "cpu";
  readonly selfCheck: {
    readonly tolerance: number;
    readonly axes: Readonly<Record<string, number>>;
  };
  /** Handed to the runtime besides the providers. */
  readonly session: Readonly<Record<string, unknown>>;
}

/** Runs the model once. */
export interface RunRequest {
  readonly kind: "run";
  readonly feeds: NamedTensors;
  /** Those in shared memory, to be filled. */
  readonly outputs: NamedTensors;
}

/** Frees the model; the last message. */
export interface ReleaseRequest {
  readonly kind: "release";
}

/** What a worker is asked. */
export type WorkerRequest = LoadRequest | RunRequest | ReleaseRequest;

/** What a worker says of its model. */
export interface LoadedModel {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly device: InferenceDevice;
}

/** A failure, as it passes between threads. */
export interface WorkerFailure {
  readonly code: MillraceErrorCode;
  readonly message: string;
}

/** The answer to the request before. */
export type WorkerReply =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly failure: WorkerFailure };
