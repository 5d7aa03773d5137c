import { MillraceError } from "@millrace/core";

/** A tensor of the library. */
export interface TfjsTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  /** Its numbers, in the library's own memory or not. */
  data(): Promise<Float32Array | Int32Array | Uint8Array | string[]>;
  /** Gives its memory back. */
  dispose(): void;
}

/** An input or output of a model; an axis of any size is null or -1. */
export interface TfjsTensorInfo {
  readonly name: string;
  readonly shape?: readonly (number | null)[];
  readonly dtype: string;
}

/** A loaded model: of the graph format, which has `execute` and `executeAsync`, or of the layers format. */
export interface TfjsModel {
  // biome-ignore lint/suspicious/noExplicitAny: the library has several classes for them
  readonly inputs: readonly any[];
  // biome-ignore lint/suspicious/noExplicitAny: the library has several classes for them
  readonly outputs: readonly any[];
  /** Runs a graph model without control flow. */
  // biome-ignore lint/suspicious/noExplicitAny: the library has a type of its own
  execute?(feeds: any, outputs?: any): any;
  /** Runs any graph model. */
  // biome-ignore lint/suspicious/noExplicitAny: the library has a type of its own
  executeAsync?(feeds: any, outputs?: any): Promise<any>;
  /** Runs a layers model. */
  // biome-ignore lint/suspicious/noExplicitAny: the library has a type of its own
  predict(feeds: any): any;
  /** Gives the memory of its weights back. */
  dispose(): unknown;
}

/** The part of TensorFlow.js that is used; `@tensorflow/tfjs`, `tfjs-node` and `tfjs-node-gpu` all have it. */
export interface TfjsLibrary {
  readonly version: { readonly tfjs?: string; readonly "tfjs-core"?: string };
  /** Settles once its backend can be used. */
  ready(): Promise<void>;
  /** The name of what it runs on. */
  getBackend(): string;
  /** Changes what it runs on; false or a rejection where it cannot. */
  setBackend(name: string): Promise<boolean>;
  /** Turns its advice off. */
  enableProdMode(): void;
  /** Makes a tensor, which has to be disposed of. */
  // biome-ignore lint/suspicious/noExplicitAny: the library has types of its own
  tensor(values: any, shape: any, dtype: any): TfjsTensor;
  /** Disposes of all tensors that the task makes and does not return. */
  // biome-ignore lint/suspicious/noExplicitAny: the library has types of its own
  tidy(task: () => any): any;
  /** Loads a graph model from a URL or a handler. */
  // biome-ignore lint/suspicious/noExplicitAny: the library has types of its own
  loadGraphModel(source: any): Promise<any>;
  /** Loads a layers model from a URL or a handler. */
  // biome-ignore lint/suspicious/noExplicitAny: the library has types of its own
  loadLayersModel(source: any): Promise<any>;
  readonly io: {
    /** A handler of a model that is in memory. */
    // biome-ignore lint/suspicious/noExplicitAny: the library has types of its own
    fromMemory(artifacts: any): any;
  };
}

/** The package as it is, held against what is used of it. */
type Package = Pick<typeof import("@tensorflow/tfjs"), keyof TfjsLibrary>;

// A bundler must leave this alone: the package is large, and few need it.
const PACKAGE: string = "@tensorflow/tfjs";

/**
 * Loads the library, which is an optional peer.
 *
 * @throws MillraceError MISSING_DEPENDENCY when it is not installed
 */
export async function loadTfjsLibrary(): Promise<TfjsLibrary> {
  try {
    const loaded: { readonly default?: Package } & Package = await import(PACKAGE);
    const library: Package = "tensor" in loaded ? loaded : (loaded as { default: Package }).default;
    // Otherwise it prints advice to install something else.
    library.enableProdMode();
    return library as unknown as TfjsLibrary;
  } catch (cause) {
    throw new MillraceError(
      "MISSING_DEPENDENCY",
      "tfjs: the package @tensorflow/tfjs cannot be loaded; install it: npm install @tensorflow/tfjs@^4.22.0, or hand another build over as lib",
      { cause },
    );
  }
}
