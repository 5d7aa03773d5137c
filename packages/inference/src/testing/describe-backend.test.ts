import { MillraceError } from "@millrace/core";
import { describe, expect, it } from "vitest";
import { checkFeeds } from "../check-feeds.ts";
import type { InferenceBackend, InferenceSession } from "../inference-backend.ts";
import { type Tensor, tensor } from "../tensor.ts";
import { warmUp } from "../warm-up.ts";
import { backendChecks } from "./backend-checks.ts";
import { type DescribeBackendOptions, describeBackend } from "./describe-backend.ts";

const inputs = [{ name: "x", type: "float32", dims: ["batch", 2] }] as const;

/** A backend that doubles. */
function honest(change: Partial<InferenceSession> = {}): InferenceBackend {
  return {
    apiVersion: 1,
    name: "test",
    capabilities: { dynamicAxes: true, preallocatedOutputs: true },
    async load(model, { signal, warmUp: sizes } = {}) {
      signal?.throwIfAborted();
      if (model instanceof Uint8Array && model.length === 0) {
        throw new MillraceError("CORRUPT_INPUT", "It is empty.");
      }
      let closed = false;
      const session: InferenceSession = {
        inputs,
        outputs: [{ ...inputs[0], name: "y" }],
        device: { runtime: "test", kind: "cpu", gpu: false },
        metadata: {},
        async run(feeds, options = {}) {
          options.signal?.throwIfAborted();
          if (closed) throw new MillraceError("CLOSED", "It was closed.");
          checkFeeds(inputs, feeds);
          const { data, dims } = feeds["x"] as Tensor<"float32">;
          await new Promise((resolve) => setImmediate(resolve));
          options.signal?.throwIfAborted();
          const given = options.outputs?.["y"] as Tensor<"float32"> | undefined;
          const y = given ?? tensor("float32", new Float32Array(data.length), dims);
          y.data.set(data.map((value) => value * 2));
          return { y };
        },
        async close() {
          closed = true;
        },
        async [Symbol.asyncDispose]() {},
        ...change,
      };
      if (change.run === undefined) await warmUp(session, sizes, signal);
      return session;
    },
  };
}

const row = (...values: number[]): Tensor =>
  tensor("float32", Float32Array.from(values), [values.length / 2, 2]);
const options: Omit<DescribeBackendOptions, "create"> = {
  model: "model",
  examples: [
    { feeds: { x: row(1, 2) }, expected: { y: row(2, 4) } },
    { feeds: { x: row(3, 4, 5, 6) }, expected: { y: row(6, 8, 10, 12) } },
  ],
  broken: new Uint8Array(),
};

describeBackend("describeBackend: an honest backend", { ...options, create: () => honest() });

async function failures(
  create: () => InferenceBackend,
  settleMs = 10_000,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { title, run } of backendChecks) {
    await run({ ...options, create, settleMs }).catch(() => found.push(title));
  }
  return found;
}

/** An honest backend whose run is another. */
const running = (run: InferenceSession["run"]) => (): InferenceBackend => honest({ run });
const rightRun = async (...args: Parameters<InferenceSession["run"]>) => {
  const session = await honest().load("model");
  return await session.run(...args);
};

describe("backendChecks", () => {
  it("let an honest backend pass", async () => {
    expect(await failures(() => honest())).toEqual([]);
  });

  it("catch wrong answers", async () => {
    const wrong = running(async (feeds, run) => {
      const { y } = await rightRun(feeds, run);
      (y as Tensor<"float32">).data[0] = 99;
      return { y: y as Tensor };
    });
    expect(await failures(wrong)).toContain("gives the right answers");
  });

  it("catch a backend that changes or detaches the feeds", async () => {
    const changing = running(async (feeds, run) => {
      const answer = await rightRun(feeds, run);
      (feeds["x"] as Tensor<"float32">).data.fill(0);
      return answer;
    });
    expect(await failures(changing)).toContain("leaves the feeds as they are");
    const detaching = running(async (feeds, run) => {
      const answer = rightRun(feeds, run);
      await answer.catch(() => {});
      const buffer = feeds["x"]?.data.buffer;
      if (buffer instanceof ArrayBuffer) buffer.transfer();
      return await answer;
    });
    expect(await failures(detaching)).toContain("leaves the feeds as they are");
  });

  it("catch answers that share their memory", async () => {
    const memory = new ArrayBuffer(64);
    const sharing = running(async (feeds, run) => {
      const { y } = await rightRun(feeds, run);
      const data = new Float32Array(memory, 0, y?.data.length);
      data.set(y?.data as Float32Array);
      return { y: tensor("float32", data, y?.dims ?? []) };
    });
    expect(await failures(sharing)).toContain(
      "gives every one of overlapping runs its own answer, which stays",
    );
  });

  it("catch a backend that takes every feed", async () => {
    const taking = running(async (feeds) => {
      const x = (feeds["x"] ?? row(1, 2)) as Tensor<"float32">;
      return { y: { ...x, data: x.data.map((value) => Number(value) * 2) } };
    });
    expect(await failures(taking)).toContain(
      "refuses feeds that do not fit with INVALID_OPTION and stays usable",
    );
  });

  it("catch an abort that is not heard, and one that is wrapped", async () => {
    const aborts = backendChecks.filter(({ title }) => /^rejects with/.test(title));
    const deaf = running((feeds) => rightRun(feeds));
    const wrapping = running((feeds, run) =>
      rightRun(feeds, run).catch((cause) => {
        throw run?.signal?.aborted ? new Error("wrapped", { cause }) : cause;
      }),
    );
    for (const create of [deaf, wrapping]) {
      expect(await failures(create)).toEqual(
        expect.arrayContaining(aborts.map(({ title }) => title)),
      );
    }
  });

  it("catch a backend that hangs, and one that goes on after close()", async () => {
    expect(
      await failures(
        running(() => new Promise(() => {})),
        100,
      ),
    ).toContain("gives the right answers");
    expect(await failures(() => honest({ close: async () => {} }))).toContain(
      "finishes what was asked for before close(), and refuses what comes later with CLOSED",
    );
  });

  it("catch outputs that are not filled", async () => {
    const ignoring = running(({ x }, run) =>
      rightRun({ x: x as Tensor }, run?.signal ? { signal: run.signal } : {}),
    );
    expect(await failures(ignoring)).toContain("fills outputs that it is given");
  });
}, 30_000);
