import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tensor } from "../tensor.ts";
import { describeBackend } from "../testing/describe-backend.ts";
import { kserve } from "./kserve.ts";

const program = fileURLToPath(new URL("../../test/kserve-server.mjs", import.meta.url));
const rows = (count: number, change: (i: number) => number) =>
  tensor(
    "float32",
    Float32Array.from({ length: count * 4 }, (_, i) => change(i)),
    [count, 4],
  );

for (const flags of [[], ["--no-binary"]]) {
  describe(`kserve, against a server ${flags.join()}`, () => {
    let server: ChildProcess;
    let url = "";
    const judged = async (): Promise<{
      readonly violations: readonly string[];
      readonly counts: Readonly<Record<string, number>>;
      readonly loaded: readonly string[];
    }> => (await fetch(`${url}/violations`)).json() as never;

    beforeAll(async () => {
      server = spawn(process.execPath, [program, ...flags], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [port] = await once(server.stdout as NodeJS.ReadableStream, "data");
      url = `http://127.0.0.1:${String(port).trim()}`;
    });
    afterAll(() => server.kill());

    describeBackend("kserve", {
      create: () => kserve({ url }),
      model: "affine",
      examples: [
        { feeds: { x: rows(1, (i) => i) }, expected: { y: rows(1, (i) => 2 * i + 1) } },
        { feeds: { x: rows(3, (i) => -i) }, expected: { y: rows(3, (i) => -2 * i + 1) } },
      ],
    });

    it("speaks the protocol, to the server's own judgement", async () => {
      expect((await judged()).violations).toEqual([]);
    });

    it("passes every type there and back", async () => {
      await using session = await kserve({ url: new URL(`${url}/v2`), version: "1" }).load("echo");
      const feeds = {
        BOOL: tensor("bool", Uint8Array.of(1, 0), [1, 2]),
        UINT8: tensor("uint8", Uint8Array.of(0, 255), [1, 2]),
        INT8: tensor("int8", Int8Array.of(-128, 127), [1, 2]),
        INT16: tensor("int16", Int16Array.of(-32_768, 32_767), [1, 2]),
        INT32: tensor("int32", Int32Array.of(-(2 ** 31), 2 ** 31 - 1), [1, 2]),
        INT64: tensor("int64", BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n), [1, 2]),
        FP64: tensor("float64", Float64Array.of(Math.PI, -1e-300), [1, 2]),
      };
      expect(await session.run(feeds)).toEqual(feeds);
      expect(session.device).toEqual({ runtime: "test-server 1.2", kind: "remote", gpu: false });
      expect(session.metadata).toEqual({ platform: "test" });
      expect((await judged()).violations).toEqual([]);
    });

    it("sends a run again where the server is too busy to begin it", async () => {
      await using session = await kserve({ url, retryDelayMs: 1 }).load("busy");
      expect((await session.run({ x: rows(1, () => 1) }))["y"]?.data[0]).toBe(3);
      await using other = await kserve({ url, retryDelayMs: 1, retries: 1 }).load("always_busy");
      await expect(other.run({ x: rows(1, () => 1) })).rejects.toMatchObject({
        code: "REMOTE_FAILED",
        retryable: true,
      });
      const { counts } = await judged();
      expect(counts["POST /v2/models/busy/infer"]).toBe(3);
      expect(counts["POST /v2/models/always_busy/infer"]).toBe(2);
    });

    it("sends a run that failed or took too long no second time", async () => {
      await using failing = await kserve({ url, retryDelayMs: 1 }).load("failing");
      await expect(failing.run({ x: rows(1, () => 1) })).rejects.toThrow("500: out of memory");
      await using slow = await kserve({ url, timeoutMs: 300, retryDelayMs: 1 }).load("slow");
      await expect(slow.run({ x: rows(1, () => 1) })).rejects.toMatchObject({ code: "TIMEOUT" });
      const { counts } = await judged();
      expect(counts["POST /v2/models/failing/infer"]).toBe(1);
      expect(counts["POST /v2/models/slow/infer"]).toBe(1);
    });

    it("rejects with the reason at once when it is aborted while the server works", async () => {
      const session = await kserve({ url }).load("slow");
      const controller = new AbortController();
      const run = session.run({ x: rows(1, () => 1) }, { signal: controller.signal });
      setTimeout(() => controller.abort("enough"), 20);
      await expect(run).rejects.toBe("enough");
      await session.close();
    });

    it("refuses an answer that is not the protocol", async () => {
      await using garbage = await kserve({ url }).load("garbage");
      const run = garbage.run({ x: rows(1, () => 1) });
      await expect(run).rejects.toMatchObject({ code: "REMOTE_FAILED", retryable: false });
      await expect(run).rejects.toThrow("is no JSON");
    });

    it("loads and unloads a model where it is told to", async () => {
      await expect(kserve({ url }).load("managed")).rejects.toMatchObject({ code: "NOT_FOUND" });
      const session = await kserve({ url, manageModels: true }).load("managed");
      expect((await judged()).loaded).toContain("managed");
      expect((await session.run({ x: rows(1, () => 2) }))["y"]?.data[0]).toBe(5);
      await session.close();
      expect((await judged()).loaded).not.toContain("managed");
    });

    it.each([
      ["NOT_FOUND", "a model that is not there", "nothing"],
      ["UNSUPPORTED", "half precision", "half"],
      ["INVALID_OPTION", "a path", "models/affine"],
      ["INVALID_OPTION", "bytes", new Uint8Array(3)],
    ])("says %s to %s", async (code, _, model) => {
      await expect(kserve({ url }).load(model)).rejects.toMatchObject({ code });
    });

    it("refuses an answer that is too long", async () => {
      await using session = await kserve({ url, maxAnswerBytes: 2_000 }).load("affine");
      await expect(session.run({ x: rows(1_000, () => 1) })).rejects.toMatchObject({
        code: "LIMIT_EXCEEDED",
      });
    });
  });
}

describe("kserve", () => {
  it("refuses an answer that is cut short, and numbers that JSON does not have", async () => {
    const server = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const [port] = await once(server.stdout, "data");
      const url = `http://127.0.0.1:${String(port).trim()}`;
      await using short = await kserve({ url }).load("short");
      await expect(short.run({ x: rows(1, () => 1) })).rejects.toThrow('12 bytes for "y"');
      await using json = await kserve({ url, binary: false }).load("affine");
      await expect(json.run({ x: rows(1, () => Number.NaN) })).rejects.toMatchObject({
        code: "INVALID_OPTION",
      });
    } finally {
      server.kill();
    }
  });

  it("says what cannot be reached, without the secrets in its URL", async () => {
    const backend = kserve({ url: "http://me:secret@127.0.0.1:9/base", retryDelayMs: 1 });
    const error = await backend.load("affine").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "REMOTE_FAILED", retryable: true });
    expect(String(error)).toContain("http://127.0.0.1:9/base/v2");
    expect(String(error)).not.toContain("secret");
  });

  it.each(["localhost:8000", "ftp://x", ""])("refuses the URL %o", (url) => {
    expect(() => kserve({ url })).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
  });
});
