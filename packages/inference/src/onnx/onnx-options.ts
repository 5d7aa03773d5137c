/** An execution provider of ONNX Runtime: `"cpu"`, `"cuda"`, `"tensorrt"`, `"webgpu"`, `"dml"`, `"coreml"`. */
export type ProviderOption = string | { readonly name: string; readonly deviceId?: number };

/** Options of {@link onnx}. */
export interface OnnxOptions {
  /**
   * Where the runtime is imported from: a specifier or a `file:` URL. Another build of the runtime can be
   * given here; it is imported in the worker, so it cannot be handed over as an object.
   *
   * @defaultValue `"onnxruntime-node"`
   */
  readonly module?: string | URL;
  /**
   * What to run on, the best first. Each one besides `"cpu"` has to give, for random input, the answers that
   * `"cpu"` gives, within {@link OnnxOptions.selfCheck}; one that cannot be loaded or answers otherwise is refused.
   *
   * @defaultValue `["cpu"]`
   */
  readonly executionProviders?: readonly ProviderOption[];
  /**
   * What becomes of a model whose providers are all refused: `"fail"` rejects with UNSUPPORTED, `"cpu"` goes on
   * without them and says why in `session.device.fallback`.
   *
   * @defaultValue `"fail"`
   */
  readonly onProviderRefused?: "fail" | "cpu";
  /** How a provider is compared with `"cpu"`. */
  readonly selfCheck?: {
    /**
     * Largest difference of any element, where 1 is the largest absolute value of that output, or 1 if that
     * is more.
     *
     * @defaultValue 0.001
     */
    readonly tolerance?: number;
    /** Sizes of named axes during the check. @defaultValue 1 each */
    readonly axes?: Readonly<Record<string, number>>;
  };
  /** Threads of one run, the `intraOpNumThreads` of the runtime. @defaultValue 1 */
  readonly threads?: number;
  /** What the runtime makes of the graph before it runs. @defaultValue `"all"` */
  readonly graphOptimization?: "disabled" | "basic" | "extended" | "all";
  /**
   * Worker threads, each with the model in its own memory: so many runs at once.
   *
   * @defaultValue 1
   */
  readonly workers?: number;
  /** Further session options, handed to the runtime as they are. */
  readonly sessionOptions?: Readonly<Record<string, unknown>>;
}
