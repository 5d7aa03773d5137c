import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadPlugin } from "./load-plugin.ts";

let folder: string;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "millrace-plugin-")));
  await fileOf("package.json", '{ "type": "module" }');
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

/** A plugin file in TypeScript whose sink is named by its options. */
const plugin = (changes = ""): string => `
  interface Options { readonly name?: string }
  const plugin = {
    apiVersion: 1,
    kind: "sink",
    name: "named",
    accepts: "series-batch",
    create: (options: Options) => ({
      apiVersion: 1, name: options.name ?? "unnamed", capabilities: {}, open() {},
    }),
    ${changes}
  };
`;
const asDefault = (changes = ""): string => `${plugin(changes)} export default plugin;`;

/** The same in JavaScript, as Node asks of packages. */
const installed = (name: string): string => `
  const create = () => ({ name: "${name}", capabilities: {}, open() {} });
  export default { apiVersion: 1, kind: "sink", create };
`;

const load = (specifier: string, changes: Partial<Parameters<typeof loadPlugin>[1]> = {}) =>
  loadPlugin(specifier, { kind: "sink", from: folder, ...changes });

describe("loadPlugin", () => {
  it("loads a default export and hands it the options", async () => {
    await fileOf("default.ts", asDefault());
    expect(await load("./default.ts")).toMatchObject({ name: "unnamed" });
    expect(await load("./default.ts", { options: { name: "mine" } })).toMatchObject({
      name: "mine",
    });
  });

  it("loads a module that is itself the plugin", async () => {
    await fileOf(
      "namespace.ts",
      `export const apiVersion = 1;
       export const kind = "sink";
       export const capabilities = {};
       export const open = () => {};
       export const create = async () => ({ name: "from the namespace", capabilities, open });`,
    );
    expect(await load("./namespace.ts")).toMatchObject({ name: "from the namespace" });
  });

  it("resolves packages, absolute paths, and a folder that is given relatively", async () => {
    await fileOf(
      "node_modules/some-sink/package.json",
      '{ "name": "some-sink", "type": "module", "exports": { ".": "./sink.js", "./more": "./sink.js" } }',
    );
    await fileOf("node_modules/some-sink/sink.js", installed("installed"));
    expect(await load("some-sink")).toMatchObject({ name: "installed" });
    expect(await load("some-sink/more")).toMatchObject({ name: "installed" });
    const from = relative(process.cwd(), folder);
    expect(await load("some-sink", { from })).toMatchObject({ name: "installed" });
    const path = await fileOf("absolute.ts", asDefault());
    expect(await load(path)).toMatchObject({ name: "unnamed" });
  });

  it("finds what a package exports to import alone, as an import from that folder would", async () => {
    const exports = {
      ".": { import: "./main.js" },
      "./deep": { require: "./no.cjs", import: "./deep.js" },
    };
    const manifest = { name: "import-only", type: "module", exports };
    await fileOf("node_modules/import-only/package.json", JSON.stringify(manifest));
    await fileOf("node_modules/import-only/main.js", installed("main"));
    await fileOf("node_modules/import-only/deep.js", installed("deep"));
    expect(await load("import-only")).toMatchObject({ name: "main" });
    expect(await load("import-only/deep")).toMatchObject({ name: "deep" });
    await expect(load("import-only/hidden")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("says of a package that it misses one of its own, and not that it is not there", async () => {
    await fileOf("node_modules/needy/package.json", '{ "name": "needy", "exports": "./main.mjs" }');
    await fileOf("node_modules/needy/main.mjs", 'import "never-installed";');
    await expect(load("needy")).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringMatching(/"needy" failed to load: .*'never-installed'/),
    });
  });

  it.each([
    ["import", "await new Promise(() => {});"],
    ["creation", "create: () => new Promise(() => {})"],
  ])("stops waiting for an %s that never settles when it is told to", async (step, text) => {
    const specifier = `./stuck-${step}.ts`;
    await fileOf(specifier, step === "import" ? `${text} ${asDefault()}` : asDefault(text));
    const reason = new Error("enough");
    const abort = new AbortController();
    const loading = load(specifier, { signal: abort.signal });
    setTimeout(() => abort.abort(reason), 50);
    await expect(loading).rejects.toBe(reason);
  });

  it.each([
    ["./nothing.ts", "undefined", "name"],
    ["./nameless.ts", "{ capabilities: {}, open() {} }", "name"],
    ["./closed.ts", '{ name: "x", capabilities: {} }', "open"],
    ["./incapable.ts", '{ name: "x", capabilities: null, open() {} }', "capabilities"],
  ])("refuses what %s creates, which is no sink", async (specifier, created, missing) => {
    await fileOf(specifier, asDefault(`create: () => (${created})`));
    await expect(load(specifier)).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: `Plugin "${specifier}" created a sink without ${missing}; see the sink contract of @millrace/core.`,
    });
  });

  it.each<[string, string, string]>([
    ["./wrong-kind.ts", 'kind: "source"', "is a source, not a sink."],
    ["./future.ts", "apiVersion: 2", "is written for contract version 2; this is version 1."],
    ["./unversioned.ts", "apiVersion: undefined", "is written for contract version undefined;"],
    ["./eats.ts", 'accepts: "image"', 'accepts "image", but "series-batch" flows here.'],
    ["./gives.ts", 'emits: "image"', 'emits "image", but "row" flows here.'],
  ])("refuses %s", async (specifier, change, complaint) => {
    await fileOf(specifier, asDefault(change));
    await expect(load(specifier, { accepts: "series-batch", emits: "row" })).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: expect.stringContaining(`Plugin "${specifier}" ${complaint}`),
    });
  });

  it("takes a plugin that says nothing of its currencies", async () => {
    await fileOf("silent.ts", asDefault("accepts: undefined"));
    await expect(load("./silent.ts", { accepts: "series-batch" })).resolves.toBeDefined();
  });

  it("has the plugin's schema check and complete the options", async () => {
    await fileOf(
      "schema.ts",
      asDefault(`options: { "~standard": { version: 1, vendor: "test", validate: (value: Options) =>
        value.name === "bad"
          ? { issues: [{ message: "is taken", path: ["name"] }] }
          : { value: { name: value.name ?? "completed" } } } }`),
    );
    expect(await load("./schema.ts")).toMatchObject({ name: "completed" });
    await expect(load("./schema.ts", { options: { name: "bad" } })).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: 'In the options of plugin "./schema.ts": name: is taken.',
    });
  });

  it("says what to do when nothing is there", async () => {
    await expect(load("./missing.ts")).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: `No plugin "./missing.ts" as seen from ${folder}: check the path.`,
    });
    await expect(load("missing.ts")).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining("install it there, or write ./missing.ts for a file."),
    });
  });

  it.each([
    ["./empty.ts", "export {};"],
    ["./text.ts", 'export default "plugin";'],
    ["./null.ts", "export default null;"],
    ["./half.ts", 'export default { kind: "sink" };'],
    ["./named-only.ts", `${plugin()} export { plugin };`],
  ])("refuses %s, which is no plugin", async (specifier, text) => {
    await fileOf(specifier, text);
    await expect(load(specifier)).rejects.toMatchObject({
      code: "UNSUPPORTED",
      message: `"${specifier}" exports no plugin as default; export default definePlugin({ … }).`,
    });
  });

  it("reports a module that throws on import, and a plugin that throws on creation", async () => {
    await fileOf("throwing.ts", 'throw new Error("no licence");');
    await expect(load("./throwing.ts")).rejects.toMatchObject({
      code: "INTERNAL",
      message: 'Plugin "./throwing.ts" failed to load: no licence',
      cause: { message: "no licence" },
    });
    await fileOf("uncreated.ts", asDefault('create() { throw new Error("no disk"); }'));
    await expect(load("./uncreated.ts")).rejects.toMatchObject({
      code: "INTERNAL",
      message: 'plugin "./uncreated.ts" failed: no disk',
      cause: { message: "no disk" },
    });
  });
});
