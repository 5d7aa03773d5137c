/** Options of {@link kserve}. */
export interface KserveOptions {
  /** Where the server is, such as `http://localhost:8000`; a path before `/v2` belongs to it. */
  readonly url: string | URL;
  /** Version of the models. @defaultValue what the server takes for the newest */
  readonly version?: string;
  /** Sent with every request, such as an authorization. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Tensors as bytes (the binary tensor extension) or as numbers in JSON. `"auto"` asks the server whether it has
   * the extension.
   *
   * @defaultValue `"auto"`
   */
  readonly binary?: boolean | "auto";
  /** Longest that one request may take. @defaultValue 30000 */
  readonly timeoutMs?: number;
  /**
   * How often a request is sent again: questions whenever the server does not answer or says that it is busy, a run only
   * where it cannot have begun (nobody listens, 429, 503).
   *
   * @defaultValue 2
   */
  readonly retries?: number;
  /** Pause before the first of those; doubles each time. @defaultValue 100 */
  readonly retryDelayMs?: number;
  /** Runs under way at once, each on a connection. @defaultValue 8 */
  readonly connections?: number;
  /**
   * Has the server load a model before, and unload it when its session is closed (the model repository extension).
   *
   * @defaultValue false
   */
  readonly manageModels?: boolean;
  /** Largest answer. @defaultValue 256 MiB */
  readonly maxAnswerBytes?: number;
}
