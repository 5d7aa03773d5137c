import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { tensor } from "../tensor.ts";
import { affineModel } from "../testing/affine-model.ts";
import { convolutionModel } from "../testing/convolution-model.ts";
import { describeBackend } from "../testing/describe-backend.ts";
import { onnxModel } from "../testing/onnx-model.ts";
import { onnx } from "./onnx.ts";

const folder = mkdtempSync(join(tmpdir(), "onnx-"));
afterAll(() => rmSync(folder, { recursive: true }));

const fake = new URL("../../test/wrong-provider.mjs", import.meta.url);
const rows = (count: number, change: (i: number) => number) =>
  tensor(
    "float32",
    Float32Array.from({ length: count * 4 }, (_, i) => change(i)),
    [count, 4],
  );
const value = (type: "float16" | "float32") => ({ type, dims: [1] });
const modelOf = (operator: string, type: "float16" | "float32", domain = ""): Uint8Array =>
  onnxModel({
    inputs: [{ name: "x", ...value(type) }],
    outputs: [{ name: "y", ...value(type) }],
    nodes: [{ operator, inputs: ["x"], outputs: ["y"], domain }],
  });

for (const workers of [1, 2]) {
  describeBackend(`onnx with ${workers} worker(s)`, {
    create: () => onnx({ workers }),
    model: affineModel(),
    examples: [
      { feeds: { x: rows(1, (i) => i) }, expected: { y: rows(1, (i) => 2 * i + 1) } },
      { feeds: { x: rows(3, (i) => -i) }, expected: { y: rows(3, (i) => -2 * i + 1) } },
    ],
    broken: affineModel().subarray(0, 60),
  });
}

describe("onnx", () => {
  it("tells the model's metadata and its device", async () => {
    await using session = await onnx().load(
      affineModel({ metadata: { names: "{0: 'é'}", b: "" } }),
    );
    expect(session.metadata).toEqual({ names: "{0: 'é'}", b: "" });
    expect(session.device).toEqual({
      runtime: expect.stringMatching(/^onnxruntime-node 1\.\d+\.\d+$/),
      kind: "cpu",
      gpu: false,
    });
    expect(session.inputs).toEqual([{ name: "x", type: "float32", dims: ["batch", 4] }]);
  });

  it("loads from a path and from a URL", async () => {
    const path = join(folder, "a model.onnx");
    writeFileSync(path, affineModel());
    for (const source of [path, pathToFileURL(path)]) {
      await using session = await onnx().load(source, { warmUp: [{ batch: 2 }] });
      expect(session.metadata).toEqual({ author: "millrace" });
      const { y } = await session.run({ x: rows(1, () => 3) });
      expect(y?.data).toEqual(Float32Array.of(7, 7, 7, 7));
    }
  });

  it("leaves the event loop to others while the model runs", async () => {
    await using session = await onnx().load(convolutionModel({ channels: 16, side: 256 }));
    const image = tensor("float32", new Float32Array(8 * 16 * 256 * 256), [8, 16, 256, 256]);
    let turns = 0;
    let running = true;
    const count = (): void => {
      turns += 1;
      if (running) setImmediate(count);
    };
    const run = session.run({ image });
    setImmediate(count);
    await run;
    running = false;
    expect(turns).toBeGreaterThan(10);
  });

  it.each([
    ["CORRUPT_INPUT", "bytes that are no model", Uint8Array.of(1, 2, 3, 4)],
    ["CORRUPT_INPUT", "no bytes", new Uint8Array()],
    ["UNSUPPORTED", "an operator that it lacks", modelOf("Frobnicate", "float32")],
    ["UNSUPPORTED", "an operator of another domain", modelOf("Frobnicate", "float32", "acme")],
    ["UNSUPPORTED", "float16 inputs", modelOf("Neg", "float16")],
    ["NOT_FOUND", "a file that is not there", "/nowhere/model.onnx"],
    ["INVALID_OPTION", "a URL that it does not read", new URL("https://example.com/model.onnx")],
  ])("says %s to %s", async (code, _, model) => {
    await expect(onnx().load(model)).rejects.toMatchObject({ name: "MillraceError", code });
  });

  it("says why it takes no float16", async () => {
    await expect(onnx().load(modelOf("Neg", "float16"))).rejects.toThrow(
      /float16 .*float32 inputs/,
    );
  });

  it("names the command that installs the runtime", async () => {
    await expect(onnx({ module: "no-such-runtime" }).load(affineModel())).rejects.toMatchObject({
      code: "MISSING_DEPENDENCY",
      message: expect.stringContaining("npm install onnxruntime-node@"),
    });
  });

  it("takes a Buffer of the shared pool, and leaves it alone", async () => {
    const bytes = (name: string) => ({ name, type: "uint8", dims: ["n"] }) as const;
    const model = onnxModel({
      inputs: [bytes("x")],
      outputs: [bytes("y")],
      nodes: [{ operator: "Identity", inputs: ["x"], outputs: ["y"] }],
    });
    const whole = Buffer.concat([Buffer.from("before"), model]);
    await using session = await onnx().load(whole.subarray(6));
    const pooled = Buffer.from("abc");
    const { y } = await session.run({ x: tensor("uint8", pooled, [3]) });
    expect(y?.data).toEqual(Uint8Array.of(97, 98, 99));
    expect(pooled.toString()).toBe("abc");
  });

  it("refuses to fill outputs of another shape", async () => {
    await using session = await onnx().load(affineModel());
    const x = rows(1, (i) => i);
    for (const memory of [ArrayBuffer, SharedArrayBuffer]) {
      const y = tensor("float32", new Float32Array(new memory(32)), [2, 4]);
      await expect(session.run({ x }, { outputs: { y } })).rejects.toMatchObject({
        code: "INVALID_OPTION",
      });
    }
    const outputs = { z: rows(1, () => 0) };
    await expect(session.run({ x }, { outputs })).rejects.toThrow('no output "z"');
    expect((await session.run({ x })).y?.data).toEqual(Float32Array.of(1, 3, 5, 7));
  });
});

describe("an onnx session", () => {
  it("closes, and is aborted, while the model runs", async () => {
    const session = await onnx().load(convolutionModel({ channels: 16, side: 256 }));
    const image = tensor("float32", new Float32Array(8 * 16 * 256 * 256), [8, 16, 256, 256]);
    const controller = new AbortController();
    const runs = [0, 1].map(() => session.run({ image }, { signal: controller.signal }));
    await new Promise((resolve) => setTimeout(resolve, 1));
    controller.abort(new Error("enough"));
    const ends = await Promise.allSettled(runs);
    expect(ends.map((end) => end.status === "rejected" && end.reason.message)).toEqual([
      "enough",
      "enough",
    ]);
    await session.close();
  });

  it.each([
    ["as sources", ["--conditions=@millrace/source"]],
    ["as built", []],
  ])("lets the process end by itself when it is idle, %s", (_, args) => {
    const script = `
      import { tensor } from "@millrace/inference";
      import { onnx } from "@millrace/inference/onnx";
      import { affineModel } from "@millrace/inference/testing";
      const session = await onnx().load(affineModel({ width: 1 }));
      const { y } = await session.run({ x: tensor("float32", Float32Array.of(4), [1, 1]) });
      console.log(y.data[0]);`;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [...args, "--input-type=module", "--eval", script],
      { cwd: fileURLToPath(new URL("../..", import.meta.url)), encoding: "utf8", timeout: 60_000 },
    );
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "9\n", stderr: "" });
  });
});

describe("an execution provider of onnx", () => {
  it("is refused when it is not there", async () => {
    const backend = onnx({ executionProviders: [{ name: "cuda", deviceId: 0 }] });
    await expect(backend.load(affineModel())).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringMatching(/cuda cannot be used: .*onProviderRefused: "cpu"/s),
    });
  });

  it("gives way to cpu, and the session says why", async () => {
    const backend = onnx({ executionProviders: ["cuda"], onProviderRefused: "cpu" });
    await using session = await backend.load(affineModel());
    expect(session.device).toMatchObject({
      kind: "cpu",
      gpu: false,
      fallback: expect.stringContaining("cuda cannot be used"),
    });
    expect((await session.run({ x: rows(1, () => 1) })).y?.data[0]).toBe(3);
  });

  it("is refused when it answers otherwise than cpu", async () => {
    const wrong = onnx({ module: fake, executionProviders: ["wrong"] });
    await expect(wrong.load(affineModel())).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining("wrong gives other answers than cpu"),
    });
    const next = onnx({ module: fake, executionProviders: ["wrong", "right", "cpu"] });
    await using session = await next.load(affineModel());
    expect(session.device).toMatchObject({
      kind: "right",
      fallback: expect.stringContaining("wrong"),
    });
  });

  it("is taken within the tolerance that is given", async () => {
    const selfCheck = { tolerance: 0.6, axes: { batch: 3 } };
    const backend = onnx({ module: fake, executionProviders: ["wrong"], selfCheck });
    await using session = await backend.load(affineModel());
    expect(session.device).not.toHaveProperty("fallback");
    expect(session.device.kind).toBe("wrong");
  });
});

describe("a worker of onnx that dies", () => {
  it.each([1, 2])(
    "fails all runs with INTERNAL, and later ones with CLOSED, of %i",
    async (workers) => {
      const backend = onnx({ module: fake, executionProviders: ["deadly"], workers });
      const session = await backend.load(affineModel());
      const runs = [666, 1, 2, 3].map((first) => session.run({ x: rows(1, () => first) }));
      const ends = await Promise.allSettled(runs);
      const codes = ends.map((end) => (end.status === "rejected" ? end.reason.code : "ok"));
      // Another worker may finish what it has before the death is known.
      const others = workers === 1 ? ["INTERNAL"] : ["INTERNAL", "ok"];
      expect(codes[0]).toBe("INTERNAL");
      expect(codes.filter((code) => !others.includes(code))).toEqual([]);
      await expect(session.run({ x: rows(1, () => 1) })).rejects.toMatchObject({ code: "CLOSED" });
      await session.close();
    },
  );
});
