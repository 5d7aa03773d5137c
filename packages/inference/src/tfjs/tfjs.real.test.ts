import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tensor } from "../tensor.ts";
import { describeBackend } from "../testing/describe-backend.ts";
import { tfjs } from "./tfjs.ts";

tf.enableProdMode();
const folder = mkdtempSync(join(tmpdir(), "tfjs-"));
const path = join(folder, "model.json");
const rows = (count: number, change: (i: number) => number) =>
  tensor(
    "float32",
    Float32Array.from({ length: count * 4 }, (_, i) => change(i)),
    [count, 4],
  );

/** A graph model of y = 2x + 1, as the converter writes it. */
const type = { dtype: { type: "DT_FLOAT" } };
const constant = (name: string) => ({
  name,
  op: "Const",
  attr: { ...type, value: { tensor: { dtype: "DT_FLOAT", tensorShape: {} } } },
});
const graph = {
  format: "graph-model",
  modelTopology: {
    node: [
      {
        name: "x",
        op: "Placeholder",
        attr: { ...type, shape: { shape: { dim: [{ size: "-1" }, { size: "4" }] } } },
      },
      constant("scale"),
      constant("offset"),
      { name: "scaled", op: "Mul", input: ["x", "scale"], attr: { T: { type: "DT_FLOAT" } } },
      { name: "y", op: "AddV2", input: ["scaled", "offset"], attr: { T: { type: "DT_FLOAT" } } },
    ],
    versions: {},
  },
  weightsManifest: [
    {
      paths: ["weights.bin"],
      weights: ["scale", "offset"].map((name) => ({ name, shape: [], dtype: "float32" })),
    },
  ],
};

beforeAll(() => {
  writeFileSync(path, JSON.stringify(graph));
  writeFileSync(join(folder, "weights.bin"), new Uint8Array(Float32Array.of(2, 1).buffer));
  writeFileSync(join(folder, "broken.json"), "{");
});
afterAll(() => rmSync(folder, { recursive: true }));

for (const backend of ["cpu", "wasm"]) {
  describe(`on ${backend}`, () => {
    describeBackend("tfjs with a graph model", {
      create: () => tfjs({ lib: tf, backend }),
      model: path,
      examples: [
        { feeds: { x: rows(1, (i) => i) }, expected: { y: rows(1, (i) => 2 * i + 1) } },
        { feeds: { x: rows(3, (i) => -i) }, expected: { y: rows(3, (i) => -2 * i + 1) } },
      ],
      broken: join(folder, "broken.json"),
    });

    it("says where it runs", async () => {
      await using session = await tfjs({ lib: tf, backend }).load(path);
      expect(session.device).toEqual({ runtime: "tfjs 4.22.0", kind: backend, gpu: false });
    });

    it("leaves no tensors behind", async () => {
      const session = await tfjs({ lib: tf, backend }).load(pathToFileURL(path));
      const before = tf.memory().numTensors;
      for (let i = 0; i < 5; i++) await session.run({ x: rows(2, () => i) });
      await session
        .run({ x: rows(1, () => 0) }, { outputs: { z: rows(1, () => 0) } })
        .catch(() => {});
      expect(tf.memory().numTensors).toBe(before);
      await session.close();
      // The two weights.
      expect(tf.memory().numTensors).toBe(before - 2);
    });
  });
}

describe("tfjs", () => {
  it("finds the library by itself", async () => {
    await using session = await tfjs().load(path);
    expect((await session.run({ x: rows(1, () => 3) }))["y"]?.data[0]).toBe(7);
  });

  it("takes a layers model that is loaded, and leaves it alone", async () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
    model.setWeights([tf.tensor2d([[10], [1]]), tf.tensor1d([0.5])]);
    const session = await tfjs({ lib: tf }).fromModel(model, { warmUp: [{ batch: 2 }] });
    expect(session.inputs).toEqual([
      { name: expect.any(String), type: "float32", dims: ["batch", 2] },
    ]);
    const [input] = session.inputs;
    const before = tf.memory().numTensors;
    const feed = tensor("float32", Float32Array.of(1, 2, 3, 4), [2, 2]);
    const [output] = Object.values(await session.run({ [input?.name ?? ""]: feed }));
    expect(output).toEqual(tensor("float32", Float32Array.of(12.5, 34.5), [2, 1]));
    expect(tf.memory().numTensors).toBe(before);
    await session.close();
    expect((model.predict(tf.zeros([1, 2])) as tf.Tensor).dataSync()[0]).toBe(0.5);
    model.dispose();
  });

  it("loads a layers model from a file", async () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
    model.setWeights([tf.tensor2d([[3], [4]]), tf.tensor1d([0])]);
    const place = join(folder, "layers");
    mkdirSync(place);
    await model.save(
      tf.io.withSaveHandler(async ({ modelTopology, weightSpecs = [], weightData }) => {
        const manifest = [{ paths: ["w.bin"], weights: weightSpecs }];
        writeFileSync(
          join(place, "model.json"),
          JSON.stringify({ format: "layers-model", modelTopology, weightsManifest: manifest }),
        );
        writeFileSync(join(place, "w.bin"), new Uint8Array(weightData as ArrayBuffer));
        return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
      }),
    );
    await using session = await tfjs({ lib: tf }).load(join(place, "model.json"));
    const [input] = session.inputs;
    const feed = tensor("float32", Float32Array.of(1, 1), [1, 2]);
    const [output] = Object.values(await session.run({ [input?.name ?? ""]: feed }));
    expect(output?.data).toEqual(Float32Array.of(7));
  });

  it("takes a function of tensors, and tidies up behind it", async () => {
    const session = await tfjs({ lib: tf }).fromFunction({
      inputs: [{ name: "image", type: "int32", dims: ["height", "width", 3] }],
      outputs: [
        { name: "brightest", type: "int32", dims: [] },
        { name: "isDark", type: "bool", dims: ["height", "width", 3] },
      ],
      run: ({ image }) => ({
        brightest: tf.max(image as tf.Tensor),
        isDark: tf.less(image as tf.Tensor, tf.scalar(10, "int32")),
      }),
    });
    const before = tf.memory().numTensors;
    const image = tensor("int32", Int32Array.of(1, 200, 30), [1, 1, 3]);
    expect(await session.run({ image })).toEqual({
      brightest: tensor("int32", Int32Array.of(200), []),
      isDark: tensor("bool", Uint8Array.of(1, 0, 0), [1, 1, 3]),
    });
    expect(tf.memory().numTensors).toBe(before);
    await session.close();
  });

  it("does not hand the caller's own memory back", async () => {
    const value = { type: "float32", dims: ["n"] } as const;
    await using session = await tfjs({ lib: tf, backend: "cpu" }).fromFunction({
      inputs: [{ name: "x", ...value }],
      outputs: [{ name: "y", ...value }],
      run: ({ x }) => ({ y: (x as tf.Tensor).clone() }),
    });
    const x = tensor("float32", Float32Array.of(1, 2), [2]);
    const { y } = await session.run({ x });
    expect(y?.data.buffer).not.toBe(x.data.buffer);
  });

  it.each([
    ["NOT_FOUND", "a file that is not there", () => join(folder, "none.json")],
    ["INVALID_OPTION", "bytes", () => new Uint8Array(3)],
    ["NOT_FOUND", "a server that is not there", () => "http://127.0.0.1:9/model.json"],
    [
      "CORRUPT_INPUT",
      "weights outside of its folder",
      () => {
        const manifest = [{ paths: ["../../etc/passwd"], weights: [] }];
        const place = join(folder, "outside.json");
        writeFileSync(place, JSON.stringify({ ...graph, weightsManifest: manifest }));
        return place;
      },
    ],
  ])("says %s to %s", async (code, _, source) => {
    await expect(tfjs({ lib: tf }).load(source())).rejects.toMatchObject({ code });
  });

  it("says UNSUPPORTED to a backend that is not there, and to types that the library lacks", async () => {
    const backend = tfjs({ lib: tf, backend: "cuda" });
    await expect(backend.load(path)).rejects.toMatchObject({ code: "UNSUPPORTED" });
    const value = { name: "x", type: "int64", dims: [1] } as const;
    const wrong = tfjs({ lib: tf }).fromFunction({ inputs: [value], outputs: [], run: () => ({}) });
    await expect(wrong).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });
});
