import { expect } from "vitest";
import {
  axisSizes,
  copied,
  exampleOf,
  expectReason,
  expectRefused,
  judge,
  runAndJudge,
  settles,
  unfit,
  withSession,
} from "./backend-judge.ts";
import type { DescribeBackendOptions } from "./describe-backend.ts";

/** One rule of the backend contract. */
export interface BackendCheck {
  /** The rule, as the title of its test. */
  readonly title: string;
  /** What would be needed for it and is not there; undefined when it can run. */
  missing?(options: DescribeBackendOptions): string | undefined;
  /** Rejects with a sentence about what the backend did instead. */
  run(options: DescribeBackendOptions): Promise<void>;
}

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
      withSession(options, async (session) => {
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
