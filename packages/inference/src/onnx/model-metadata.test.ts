import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { affineModel } from "../testing/affine-model.ts";
import { colourDetectorModel } from "../testing/colour-detector-model.ts";
import { modelMetadata } from "./model-metadata.ts";

const folder = mkdtempSync(join(tmpdir(), "metadata-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("modelMetadata", () => {
  it("reads what a model says of itself, from bytes and from a file", async () => {
    const bytes = colourDetectorModel({ width: 320, height: 64, cell: 32 });
    const path = join(folder, "model.onnx");
    writeFileSync(path, bytes);
    const expected = {
      names: "{0: 'red', 1: 'green', 2: 'blue'}",
      stride: "32",
      task: "detect",
      imgsz: "[64, 320]",
      batch: "1",
    };
    expect(await modelMetadata(bytes)).toEqual(expected);
    expect(await modelMetadata(path)).toEqual(expected);
  });

  it("reads nothing else from what is no model, and never fails", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect(await modelMetadata(bytes)).toEqual(expect.any(Object));
      }),
    );
    const whole = affineModel();
    for (let cut = 0; cut < whole.length; cut++) {
      for (const [key, value] of Object.entries(await modelMetadata(whole.subarray(0, cut)))) {
        expect("author".startsWith(key) && "millrace".startsWith(value)).toBe(true);
      }
    }
  });
});
