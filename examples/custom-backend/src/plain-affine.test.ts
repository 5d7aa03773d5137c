import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadPlugin } from "@millrace/core";
import { type InferenceBackend, tensor } from "@millrace/inference";
import { describeBackend } from "@millrace/inference/testing";
import { describe, expect, it } from "vitest";
import plainAffineByDefault, { plainAffine } from "./plain-affine.ts";

const file = fileURLToPath(new URL("plain-affine.ts", import.meta.url));
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const model = bytesOf(JSON.stringify({ scale: 2, offset: 1, width: 2 }));
const rows = (...values: number[]) =>
  tensor("float32", Float32Array.from(values), [values.length / 2, 2]);

describeBackend("plainAffine", {
  create: () => plainAffine.create({ round: false }) as InferenceBackend,
  model,
  examples: [
    { feeds: { x: rows(1, 2) }, expected: { y: rows(3, 5) } },
    { feeds: { x: rows(0, -1, 0.5, 10) }, expected: { y: rows(1, -1, 2, 21) } },
  ],
  broken: bytesOf("{}"),
});

describe("plainAffine", () => {
  it("is exported by name and as default, in under 60 lines", () => {
    expect(plainAffineByDefault).toBe(plainAffine);
    expect(readFileSync(file, "utf8").trimEnd().split("\n").length).toBeLessThan(60);
  });

  it("is loaded by specifier, with options that its schema checks", async () => {
    const kind = "inference-backend";
    const backend = await loadPlugin(file, { kind, options: { round: true } });
    await using session = await (backend as InferenceBackend).load(model);
    const { y } = await session.run({ x: rows(0.2, 0.4) });
    expect(y?.data).toEqual(Float32Array.of(1, 2));
    await expect(loadPlugin(file, { kind, options: { rond: true } })).rejects.toMatchObject({
      code: "INVALID_OPTION",
    });
    await expect(loadPlugin(file, { kind: "sink" })).rejects.toMatchObject({
      code: "UNSUPPORTED",
    });
  });
});
