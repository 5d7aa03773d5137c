import { MillraceError } from "@millrace/core";
import { expect } from "vitest";
import type {
  InferenceBackend,
  InferenceRunOptions,
  InferenceSession,
  LoadModelOptions,
  NamedTensors,
} from "../inference-backend.ts";
import { elementCount, type Tensor } from "../tensor.ts";
import { tensorArray } from "../tensor-array.ts";
import type { BackendExample, DescribeBackendOptions } from "./describe-backend.ts";

const SETTLE_MS = 10_000;
const TOLERANCE = 1e-5;

/** Loads the model, and closes the session whatever happens. */
export async function withSession(
  options: DescribeBackendOptions,
  use: (session: InferenceSession, backend: InferenceBackend) => Promise<void>,
  load: LoadModelOptions = {},
): Promise<void> {
  const backend = await options.create();
  const session = await settles(backend.load(options.model, load), "load()", options);
  try {
    await use(session, backend);
  } finally {
    await settles(session.close(), "close()", options);
  }
}

/** An example with feeds of its own. */
export function exampleOf({ examples }: DescribeBackendOptions, index: number): BackendExample {
  const example = examples[index];
  if (example === undefined) throw new Error("describeBackend is given no examples.");
  // A backend that changes its feeds must not change what it is judged by.
  return { ...example, feeds: copied(example.feeds, (length) => new ArrayBuffer(length)) };
}

/** Sizes of the model's named axes in the first example. */
export async function axisSizes(options: DescribeBackendOptions): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  await withSession(options, async ({ inputs }) => {
    for (const { name, dims } of inputs) {
      for (const [i, axis] of dims.entries()) {
        const size = exampleOf(options, 0).feeds[name]?.dims[i];
        if (typeof axis === "string" && size !== undefined) sizes[axis] = size;
      }
    }
  });
  return sizes;
}

/** Runs an example and compares the answer. */
export async function runAndJudge(
  session: InferenceSession,
  { feeds, expected }: BackendExample,
  options: DescribeBackendOptions,
  what: string,
  run: InferenceRunOptions = {},
): Promise<void> {
  judge(await settles(session.run(feeds, run), what, options), expected, options, what);
}

/** Compares tensors with the right ones. */
export function judge(
  actual: NamedTensors,
  expected: NamedTensors,
  { tolerance = TOLERANCE }: DescribeBackendOptions,
  what: string,
): void {
  for (const [name, { type, dims, data }] of Object.entries(expected)) {
    const got = actual[name];
    if (got === undefined) throw new Error(`${what}: there is no "${name}".`);
    expect({ type: got.type, dims: [...got.dims] }, `${what}: "${name}"`).toEqual({
      type,
      dims: [...dims],
    });
    expect(got.data.length, `${what}: elements of "${name}"`).toBe(data.length);
    const wrong = Array.from(data as ArrayLike<number | bigint>).findIndex(
      (value, i) => !(Math.abs(Number(value) - Number(got.data[i])) <= tolerance),
    );
    expect(
      wrong,
      `${what}: element ${wrong} of "${name}" is ${got.data[wrong]} in place of ${data[wrong]}`,
    ).toBe(-1);
  }
}

/** The same numbers in other memory. */
export function copied(
  tensors: NamedTensors,
  allocate: (sizeBytes: number) => ArrayBufferLike,
  offset = 0,
): NamedTensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { type, data, dims }]) => {
      const copy = new (tensorArray(type))(allocate(data.byteLength), offset, data.length);
      copy.set(data as never);
      return [name, { type, data: copy, dims }];
    }),
  );
}

/** Feeds with one mistake each. */
export function unfit(feeds: NamedTensors): readonly (readonly [string, NamedTensors])[] {
  const [[name, feed] = ["", undefined]] = Object.entries(feeds);
  if (feed === undefined) throw new Error("An example has no feeds.");
  const { [name]: _, ...others } = feeds;
  const type = feed.type === "float32" ? "float64" : "float32";
  const dims = [...feed.dims, 1];
  const other: Tensor = {
    type,
    dims: feed.dims,
    data: new (tensorArray(type))(elementCount(feed.dims)),
  };
  return [
    ["an input missing", others],
    ["an unknown input", { ...feeds, "no such input": feed }],
    ["another type", { ...feeds, [name]: other }],
    ["another shape", { ...feeds, [name]: { ...feed, dims } as Tensor }],
  ];
}

/** Checks that a call is refused with this code. */
export async function expectRefused(
  call: Promise<unknown>,
  code: string,
  what: string,
  options: DescribeBackendOptions,
): Promise<void> {
  const error = await rejection(call, what, options);
  expect(
    MillraceError.is(error),
    `${what} should reject with a MillraceError ${code}; it ${error === undefined ? "resolves" : `rejects with ${error}`}`,
  ).toBe(true);
  expect((error as MillraceError).code, `code of ${what}`).toBe(code);
}

/** Checks that a call rejects with the signal's reason itself. */
export async function expectReason(
  call: Promise<unknown>,
  signal: AbortSignal,
  options: DescribeBackendOptions,
): Promise<void> {
  const error = await rejection(call, "an aborted call", options);
  expect(error, "an aborted call rejects with signal.reason itself").toBe(signal.reason);
}

function rejection(
  call: Promise<unknown>,
  what: string,
  options: DescribeBackendOptions,
): Promise<unknown> {
  const told = call.then(
    () => undefined,
    (error: unknown) => error,
  );
  return settles(told, what, options);
}

/** Settles like the promise, or rejects once the time is up. */
export async function settles<T>(
  promise: PromiseLike<T>,
  what: string,
  { settleMs = SETTLE_MS }: DescribeBackendOptions,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `${what} did not settle in ${settleMs} ms`;
    timer = setTimeout(() => reject(new Error(message)), settleMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
