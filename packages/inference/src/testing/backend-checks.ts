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

/** One rule of the backend contract. */
export interface BackendCheck {
  /** The rule, as the title of its test. */
  readonly title: string;
  /** What would be needed for it and is not there; undefined when it can run. */
  missing?(options: DescribeBackendOptions): string | undefined;
  /** Rejects with a sentence about what the backend did instead. */
  run(options: DescribeBackendOptions): Promise<void>;
}

const SETTLE_MS = 10_000;
const TOLERANCE = 1e-5;
/** Runs that overlap. */
const OVERLAPPING = 6;

/** The rules of the contract, in the order in which {@link describeBackend} tests them. */
export const backendChecks: readonly BackendCheck[] = [
  {
    title: "is given examples to be tested with",
    async run({ examples }) {
      expect(examples.length, "examples, two or more").toBeGreaterThan(1);
    },
  },
  {
    title: "declares its contract version, a name and its capabilities",
    async run(options) {
      const backend = await options.create();
      expect(backend.apiVersion, "apiVersion").toBe(1);
      expect(backend.name, "a backend needs a name for messages").toMatch(/\S/);
      expect(backend.capabilities, "capabilities").toMatchObject({
        dynamicAxes: expect.any(Boolean),
        preallocatedOutputs: expect.any(Boolean),
      });
    },
  },
  {
    title: "tells the inputs, the outputs and where the model runs",
    run: (options) =>
      withSession(options, async (session) => {
        const { feeds, expected } = exampleOf(options, 0);
        expect(session.inputs.map(({ name }) => name).sort()).toEqual(Object.keys(feeds).sort());
        const outputs = session.outputs.map(({ name }) => name);
        expect(outputs, "names of the outputs").toEqual(
          expect.arrayContaining(Object.keys(expected)),
        );
        for (const { name, type, dims } of session.inputs) {
          expect(feeds[name]?.type, `type of "${name}"`).toBe(type);
          expect(feeds[name]?.dims.length, `number of axes of "${name}"`).toBe(dims.length);
        }
        expect(session.device.runtime, "device.runtime").toMatch(/\S/);
        expect(session.device.kind, "device.kind").toMatch(/\S/);
        expect(session.device.gpu, "device.gpu").toEqual(expect.any(Boolean));
        expect(session.metadata, "metadata").toEqual(expect.any(Object));
      }),
  },
  {
    title: "gives the right answers",
    run: (options) =>
      withSession(options, async (session) => {
        for (const i of options.examples.keys()) {
          await runAndJudge(session, exampleOf(options, i), options, `example ${i}`);
        }
      }),
  },
  {
    title: "leaves the feeds as they are",
    run: (options) =>
      withSession(options, async (session) => {
        const own = exampleOf(options, 0).feeds;
        await settles(session.run(own), "run()", options);
        judge(
          own,
          exampleOf(options, 0).feeds,
          { ...options, tolerance: 0 },
          "the feeds after run()",
        );
      }),
  },
  {
    title: "takes feeds in shared memory",
    run: (options) =>
      withSession(options, async (session) => {
        const { feeds, expected } = exampleOf(options, 0);
        const shared = copied(feeds, (length) => new SharedArrayBuffer(length));
        const outputs = await settles(session.run(shared), "run() with shared memory", options);
        judge(outputs, expected, options, "the answer to feeds in shared memory");
        judge(shared, feeds, { ...options, tolerance: 0 }, "the shared feeds after run()");
      }),
  },
  {
    title: "takes views that begin within their buffer",
    run: (options) =>
      withSession(options, async (session) => {
        const { feeds, expected } = exampleOf(options, 0);
        const views = copied(feeds, (length) => new ArrayBuffer(length + 64), 32);
        const outputs = await settles(session.run(views), "run() with views", options);
        judge(outputs, expected, options, "the answer to feeds that are views");
      }),
  },
  {
    title: "gives every one of overlapping runs its own answer, which stays",
    run: (options) =>
      withSession(options, async (session) => {
        const runs = Array.from({ length: OVERLAPPING }, (_, i) =>
          exampleOf(options, i % options.examples.length),
        );
        const answers = await settles(
          Promise.all(runs.map(({ feeds }) => session.run(feeds))),
          "overlapping runs",
          options,
        );
        for (const [i, { expected }] of runs.entries()) {
          judge(answers[i] ?? {}, expected, options, `overlapping run ${i}`);
        }
      }),
  },
  {
    title: "refuses feeds that do not fit with INVALID_OPTION and stays usable",
    run: (options) =>
      withSession(options, async (session) => {
        const example = exampleOf(options, 0);
        for (const [what, feeds] of unfit(example.feeds)) {
          await expectRefused(session.run(feeds), "INVALID_OPTION", `run() with ${what}`, options);
          const next = exampleOf(options, 0);
          await runAndJudge(session, next, options, `a run after one with ${what}`);
        }
      }),
  },
  {
    title: "rejects with the signal's reason when it is aborted before",
    run: (options) =>
      withSession(options, async (session) => {
        const example = exampleOf(options, 0);
        const signal = AbortSignal.abort(new Error("before"));
        await expectReason(session.run(example.feeds, { signal }), signal, options);
        await runAndJudge(session, example, options, "a run after an aborted one");
      }),
  },
  {
    title: "rejects with the signal's reason when it is aborted while it runs or waits",
    run: (options) =>
      withSession(options, async (session) => {
        const example = exampleOf(options, 0);
        const controller = new AbortController();
        const { signal } = controller;
        const aborted = [0, 1, 2].map(() => session.run(exampleOf(options, 0).feeds, { signal }));
        const other = session.run(example.feeds);
        other.catch(() => {}); // it is looked at later
        controller.abort(new Error("while it runs"));
        await Promise.all(aborted.map((run) => expectReason(run, signal, options)));
        judge(
          await settles(other, "its neighbour", options),
          example.expected,
          options,
          "a neighbour",
        );
        await runAndJudge(session, example, options, "a run after aborted ones");
      }),
  },
  {
    title: "loads nothing when it is aborted before",
    async run(options) {
      const backend = await options.create();
      const signal = AbortSignal.abort(new Error("before"));
      await expectReason(backend.load(options.model, { signal }), signal, options);
    },
  },
  {
    title: "fills outputs that it is given",
    run: (options) =>
      withSession(options, async (session, backend) => {
        if (!backend.capabilities.preallocatedOutputs) return;
        const { feeds, expected } = exampleOf(options, 0);
        for (const memory of [ArrayBuffer, SharedArrayBuffer]) {
          const outputs = copied(expected, (length) => new memory(length));
          for (const { data } of Object.values(outputs)) data.fill(0 as never);
          const answer = await settles(session.run(feeds, { outputs }), "run()", options);
          judge(outputs, expected, options, `outputs in a ${memory.name}`);
          for (const [name, { data }] of Object.entries(outputs)) {
            expect(answer[name]?.data.buffer, `the buffer of "${name}"`).toBe(data.buffer);
          }
        }
      }),
  },
  {
    title: "warms up with the sizes that it is told, and refuses to without",
    run: async (options) => {
      const sizes = await settles(axisSizes(options), "loading", options);
      await withSession(
        options,
        (session) => runAndJudge(session, exampleOf(options, 0), options, "a run after warming up"),
        { warmUp: [sizes] },
      );
      if (Object.keys(sizes).length === 0) return;
      const backend = await options.create();
      const load = backend.load(options.model, { warmUp: [{}] });
      await expectRefused(load, "INVALID_OPTION", "warming up without sizes", options);
    },
  },
  {
    title: "finishes what was asked for before close(), and refuses what comes later with CLOSED",
    async run(options) {
      const backend = await options.create();
      const session = await settles(backend.load(options.model), "load()", options);
      const example = exampleOf(options, 0);
      const runs = [0, 1, 2].map(() => session.run(exampleOf(options, 0).feeds));
      for (const run of runs) run.catch(() => {}); // they are looked at later
      await settles(session.close(), "close()", options);
      for (const run of runs) {
        judge(await settles(run, "a run before close()", options), example.expected, options, "it");
      }
      await expectRefused(session.run(example.feeds), "CLOSED", "run() after close()", options);
      await settles(session.close(), "a second close()", options);
      await settles(session[Symbol.asyncDispose](), "disposal after close()", options);
    },
  },
  {
    title: "keeps sessions apart",
    run: (options) =>
      withSession(options, async (first, backend) => {
        const second = await settles(backend.load(options.model), "a second load()", options);
        await settles(second.close(), "close() of the second", options);
        await runAndJudge(first, exampleOf(options, 0), options, "the first session");
      }),
  },
  {
    title: "refuses a model that cannot be read with CORRUPT_INPUT",
    missing: ({ broken }) => (broken === undefined ? "no broken model is given" : undefined),
    async run(options) {
      const backend = await options.create();
      const load = backend.load(options.broken ?? "");
      await expectRefused(load, "CORRUPT_INPUT", "load() of a broken model", options);
    },
  },
];

async function withSession(
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

function exampleOf({ examples }: DescribeBackendOptions, index: number): BackendExample {
  const example = examples[index];
  if (example === undefined) throw new Error("describeBackend is given no examples.");
  // A backend that changes its feeds must not change what it is judged by.
  return { ...example, feeds: copied(example.feeds, (length) => new ArrayBuffer(length)) };
}

/** Sizes of the model's named axes in the first example. */
async function axisSizes(options: DescribeBackendOptions): Promise<Record<string, number>> {
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

async function runAndJudge(
  session: InferenceSession,
  { feeds, expected }: BackendExample,
  options: DescribeBackendOptions,
  what: string,
  run: InferenceRunOptions = {},
): Promise<void> {
  judge(await settles(session.run(feeds, run), what, options), expected, options, what);
}

function judge(
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
function copied(
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
function unfit(feeds: NamedTensors): readonly (readonly [string, NamedTensors])[] {
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

async function expectRefused(
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

async function expectReason(
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
async function settles<T>(
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
