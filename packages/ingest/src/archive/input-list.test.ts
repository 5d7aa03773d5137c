import { describe, expect, it } from "vitest";
import { inspect } from "../inspect/inspect.ts";
import { archive } from "./archive-source.ts";
import { inputList } from "./input-list.ts";

describe("inputList", () => {
  it("takes one or several", () => {
    expect(inputList("a.zip")).toEqual(["a.zip"]);
    expect(inputList(["a.zip", "s3://b/c"])).toEqual(["a.zip", "s3://b/c"]);
    expect(inputList([])).toEqual([]);
  });

  it.each<[unknown, string]>([
    [undefined, "inputs is undefined; give a path or a URL as text, or a list of them."],
    [5, "inputs is 5;"],
    [{}, "inputs is [object Object];"],
    [new URL("file:///a.zip"), "inputs is file:///a.zip;"],
    [Buffer.from("zip"), "inputs is zip;"],
    ["", 'inputs[0] is "";'],
    [["a.zip", 7], "inputs[1] is 7;"],
  ])("refuses %s, wherever it is given", async (given, message) => {
    const invalid = expect.objectContaining({
      code: "INVALID_OPTION",
      message: expect.stringContaining(message),
    });
    expect(() => inputList(given as string)).toThrow(invalid);
    expect(() => archive(given as string, { identify: () => undefined })).toThrow(invalid);
    await expect(inspect(given as string)).rejects.toEqual(invalid);
  });
});
