import { link, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkOutputs } from "./check-outputs.ts";

let folder: string;
const path = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "millrace-outputs-")));
  for (const name of ["input", "input/deep", "input-2", "elsewhere"]) await mkdir(path(name));
  for (const name of ["data.zip", "old.html", "input/a.tgz"]) await writeFile(path(name), name);
  await symlink(path("data.zip"), path("to-data.zip"));
  await symlink(path("old.html"), path("to-old.html"));
  await symlink(path("gone"), path("to-nothing"));
  await symlink(path("input"), path("to-input"));
  await symlink(path("elsewhere"), path("to-elsewhere"));
  await link(path("data.zip"), path("same-as-data.zip"));
});
afterAll(() => rm(folder, { recursive: true }));

const check = (inputs: readonly string[], html: string, report?: string): Promise<void> =>
  checkOutputs(inputs.map(path), [
    { option: "--html", path: path(html) },
    ...(report === undefined ? [] : [{ option: "--report", path: path(report) }]),
  ]);

describe("checkOutputs", () => {
  it.each<[string, readonly string[], string, string?]>([
    ["new files beside the input", ["data.zip"], "new.html", "new.json"],
    ["a file that is there", ["data.zip"], "old.html"],
    ["a file through a link to a folder", ["data.zip"], "to-elsewhere/new.html"],
    ["a folder whose name begins like the input's", ["input"], "input-2/new.html"],
    ["a folder around the input", ["input/deep"], "input/new.html"],
    ["a folder beside inputs that are links", ["to-data.zip", "to-input"], "new.html"],
  ])("takes %s", async (_, inputs, html, report) => {
    await expect(check(inputs, html, report)).resolves.toBeUndefined();
  });

  it.each<[string, readonly string[], string, string]>([
    ["an input", ["data.zip"], "data.zip", "is an input"],
    ["an input that was named by a link", ["to-data.zip"], "data.zip", "is an input"],
    ["an input under another name", ["data.zip"], "same-as-data.zip", "is an input"],
    ["an input by the way of a link", ["input/a.tgz"], "to-input/a.tgz", "is an input"],
    ["a file in an input folder", ["input"], "input/new.html", "lies in the input"],
    ["a file deep in an input folder", ["input"], "input/deep/new.html", "lies in the input"],
    ["a file in an input by the way of a link", ["input"], "to-input/new", "lies in the input"],
    ["a file in an input that is a link", ["to-input"], "input/new.html", "lies in the input"],
    ["a link to an input", ["data.zip"], "to-data.zip", "is no ordinary file"],
    ["a link to any file", ["data.zip"], "to-old.html", "is no ordinary file"],
    ["a link to nothing", ["data.zip"], "to-nothing", "is no ordinary file"],
    ["a folder", ["data.zip"], "elsewhere", "is a folder; name a file in it"],
    ["an input folder", ["input"], "input", "is a folder; name a file in it"],
    ["a path without a folder", ["data.zip"], "no/new.html", "there is no folder"],
    ["a path below a file", ["data.zip"], "old.html/new.html", "there is no folder"],
  ])("refuses %s", async (_, inputs, html, problem) => {
    await expect(check(inputs, html)).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringMatching(new RegExp(`^--html: .*${problem}`)),
    });
  });

  it.each([
    ["new", "new.html", "new.html"],
    ["there", "old.html", "old.html"],
    ["new, by the way of a link", "elsewhere/new", "to-elsewhere/new"],
  ])("refuses two outputs that are one file: %s", async (_, html, report) => {
    await expect(check(["data.zip"], html, report)).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: `--report: ${path(report)} is what --html writes; name another file to write.`,
    });
  });

  it.skipIf(process.platform === "win32")("refuses a device", async () => {
    const outputs = [{ option: "--report", path: "/dev/null" }];
    await expect(checkOutputs([path("data.zip")], outputs)).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: "--report: /dev/null is no ordinary file; name another file to write.",
    });
  });
});
