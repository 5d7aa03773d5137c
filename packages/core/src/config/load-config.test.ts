import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { schemaOf } from "../testing/schema-of.ts";
import { loadConfig } from "./load-config.ts";

const anything = schemaOf((value) => ({ value }));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-config-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

describe("loadConfig", () => {
  it("prefers overrides to the environment to the file to defaults", async () => {
    const path = await fileOf("layers.json", JSON.stringify({ b: "file", c: "file", d: "file" }));
    const config = await loadConfig(anything, {
      defaults: { a: "default", b: "default", c: "default", d: "default" },
      file: { path },
      env: { prefix: "APP_", values: { APP_C: "env", APP_D: "env" } },
      overrides: { d: "override", a: undefined },
    });
    expect(config).toEqual({ a: "default", b: "file", c: "env", d: "override" });
  });

  it("maps names after the prefix to camel case and leaves others alone", async () => {
    const values = { APP_VM_URL: "http://vm", APP_EMPTY: "", VM_URL: "other", APP_GONE: undefined };
    const config = await loadConfig(anything, { env: { prefix: "APP_", values } });
    expect(config).toEqual({ vmUrl: "http://vm" });
  });

  it("returns what the schema makes of it", async () => {
    const port = schemaOf((value) => ({
      value: { port: Number((value as { port: string }).port) },
    }));
    expect(await loadConfig(port, { env: { prefix: "X_", values: { X_PORT: "80" } } })).toEqual({
      port: 80,
    });
  });

  it("names the paths that the schema refuses", async () => {
    const refusing = schemaOf<never>(() => ({ issues: [{ message: "missing", path: ["vmUrl"] }] }));
    await expect(loadConfig(refusing, {})).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: "In the configuration: vmUrl: missing.",
    });
  });

  it("does without a missing file unless a person named it", async () => {
    const path = join(folder, "missing.json");
    expect(await loadConfig(anything, { file: { path } })).toEqual({});
    await expect(loadConfig(anything, { file: { path, required: true } })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: `Cannot read the configuration file ${path}: there is no such file.`,
      cause: { code: "ENOENT" },
    });
  });

  it("reports a file that is there and cannot be read", async () => {
    await expect(loadConfig(anything, { file: { path: folder } })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it.each([
    ["broken.json", '{\n"a": 1\n"b": 2 }', /is no JSON: Expected ',' .*\(line 3 column 1\)\.$/],
    ["empty.json", "", /is no JSON: Unexpected end of JSON input\.$/],
    ["array.json", "[1]", /must hold one object\.$/],
    ["null.json", "null", /must hold one object\.$/],
  ])("refuses %s and says where", async (name, text, complaint) => {
    const path = await fileOf(name, text);
    const refused = loadConfig(anything, { file: { path } });
    await expect(refused).rejects.toMatchObject({ code: "CORRUPT_INPUT" });
    await expect(refused).rejects.toThrow(complaint);
    await expect(refused).rejects.toThrow(`The configuration file ${path} `);
  });

  it("takes a file that begins with a byte order mark", async () => {
    const path = await fileOf("marked.json", '\uFEFF{ "a": 1 }');
    expect(await loadConfig(anything, { file: { path } })).toEqual({ a: 1 });
  });
});
