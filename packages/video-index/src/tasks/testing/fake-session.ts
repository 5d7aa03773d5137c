import type { InferenceSession, NamedTensors, TensorSpec } from "@millrace/inference";

/** What {@link fakeSession} is made of. */
export interface FakeSessionOptions {
  /** Shape of the input `images`. @defaultValue `["batch", 3, 640, 640]` */
  readonly input?: readonly (number | string)[];
  /** Shapes of the outputs, by name. */
  readonly outputs: Readonly<Record<string, readonly (number | string)[]>>;
  readonly metadata?: Readonly<Record<string, string>>;
  /** What stands in for the model. */
  run(feeds: NamedTensors, signal?: AbortSignal): NamedTensors | Promise<NamedTensors>;
}

/** A session whose model is a function: for tests of what comes before and behind a model. */
export function fakeSession(options: FakeSessionOptions): InferenceSession {
  const spec = (name: string, dims: readonly (number | string)[]): TensorSpec => ({
    name,
    type: "float32",
    dims,
  });
  return {
    inputs: [spec("images", options.input ?? ["batch", 3, 640, 640])],
    outputs: Object.entries(options.outputs).map(([name, dims]) => spec(name, dims)),
    device: { runtime: "a function", kind: "cpu", gpu: false },
    metadata: options.metadata ?? {},
    async run(feeds, { signal } = {}) {
      signal?.throwIfAborted();
      return options.run(feeds, signal);
    },
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}
