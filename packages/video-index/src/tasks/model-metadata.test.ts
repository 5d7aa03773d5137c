import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readModelMetadata } from "./model-metadata.ts";
import { parsePythonLiteral } from "./python-literal.ts";

describe("parsePythonLiteral", () => {
  it("reads what exporters write", () => {
    expect(parsePythonLiteral("{0: 'person', 1: \"it's\", 2: 'a\\'b'}")).toEqual(
      new Map([
        [0, "person"],
        [1, "it's"],
        [2, "a'b"],
      ]),
    );
    expect(parsePythonLiteral("[640, 384]")).toEqual([640, 384]);
    expect(parsePythonLiteral("(1,)")).toEqual([1]);
    expect(parsePythonLiteral("{'nms': True, 'half': False, 'simplify': None}")).toEqual(
      new Map([
        ["nms", true],
        ["half", false],
        ["simplify", null],
      ]),
    );
  });

  it("reads everything that JSON writes", () => {
    const plain = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("value"), { maxLength: 4 }),
      ),
    })).value;
    fc.assert(
      fc.property(plain, (value) => {
        expect(parsePythonLiteral(JSON.stringify(value))).toEqual(value);
      }),
    );
  });

  it("never throws and never takes long, whatever it is given", () => {
    const hostile = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom("{", "[", "(", "'", ":", ",", "0", "\\", "}", " ") }),
    );
    fc.assert(fc.property(hostile, (text) => void parsePythonLiteral(text)));
    expect(parsePythonLiteral("[".repeat(500_000))).toBeUndefined();
    expect(parsePythonLiteral("[".repeat(2_000_000))).toBeUndefined();
    expect(parsePythonLiteral("__import__('os').system('true')")).toBeUndefined();
    expect(parsePythonLiteral("[1, 2] + 3")).toBeUndefined();
  });
});

describe("readModelMetadata", () => {
  it("reads the metadata of an export", () => {
    const metadata = {
      names: "{0: 'person', 2: 'car'}",
      task: "detect",
      stride: "32",
      imgsz: "[384, 640]",
      args: "{'batch': 1, 'half': False, 'nms': False}",
    };
    expect(readModelMetadata(metadata)).toEqual({
      names: ["person", "class 1", "car"],
      task: "detect",
      stride: 32,
      imageSize: { width: 640, height: 384 },
      endToEnd: false,
    });
    expect(readModelMetadata({ args: "{'nms': True}" }).endToEnd).toBe(true);
    expect(readModelMetadata({ end2end: "True" }).endToEnd).toBe(true);
  });

  it("leaves out what is damaged or hostile", () => {
    const nothing = { names: [], task: undefined, stride: undefined };
    expect(readModelMetadata({})).toMatchObject({ ...nothing, endToEnd: undefined });
    expect(
      readModelMetadata({
        names: "{999999999: 'x'}",
        stride: "-1",
        imgsz: "[1e9, 3]",
        task: "rm -rf",
      }),
    ).toMatchObject({ ...nothing, imageSize: undefined });
    expect(readModelMetadata({ names: "{'__proto__': 'x'}" }).names).toEqual([]);
  });
});
