/** A tensor of the runtime. */
export interface OnnxLibraryTensor {
  readonly type: string;
  readonly data: unknown;
  readonly dims: readonly number[];
}

/** What the runtime tells of an input or output. */
export interface OnnxValueMetadata {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: readonly (number | string)[];
}

/** A loaded model of the runtime. */
export interface OnnxLibrarySession {
  readonly inputMetadata: readonly OnnxValueMetadata[];
  readonly outputMetadata: readonly OnnxValueMetadata[];
  run(
    feeds: Readonly<Record<string, OnnxLibraryTensor>>,
    fetches: Readonly<Record<string, OnnxLibraryTensor | null>>,
  ): Promise<Readonly<Record<string, OnnxLibraryTensor>>>;
  release(): Promise<void>;
}

/** The part of the package `onnxruntime-node` that is used. */
export interface OnnxLibrary {
  readonly env: { logLevel?: unknown; readonly versions?: { readonly node?: string } };
  readonly InferenceSession: {
    create(model: string | Uint8Array, options: object): Promise<OnnxLibrarySession>;
  };
  readonly Tensor: new (type: never, data: never, dims: readonly number[]) => OnnxLibraryTensor;
}

/** The command that installs the runtime; its install script would fetch CUDA, and fails without internet. */
export const INSTALL_ONNX: string =
  "ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node@^1.30.0";
