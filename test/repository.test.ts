// What every package owes to whoever installs it.
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(root, path), "utf8"));

/** The server is an example of how the packages go together, and `millrace serve` for everybody. */
const published = globSync(["packages/*/package.json", "examples/full-server/package.json"], {
  cwd: root,
}).sort();
const privates = globSync(
  ["package.json", "{bench,docs}/package.json", "examples/*/package.json"],
  { cwd: root },
).filter((path) => !published.includes(path));

describe.each(published)("%s", (path) => {
  const manifest = read(path);
  const folder = join(root, dirname(path));

  it("can be published", () => {
    expect(manifest).toMatchObject({
      name: expect.stringMatching(/^(@millrace\/[a-z-]+|millrace)$/),
      version: read(published[0] as string)["version"],
      description: expect.stringMatching(/\S{3}/),
      license: "MIT",
      type: "module",
      sideEffects: false,
      engines: { node: ">=22.19" },
      publishConfig: { access: "public", provenance: true },
    });
    expect(manifest).not.toHaveProperty("private");
  });

  it("ships its build, without build info and tests", () => {
    const files = manifest["files"] as readonly string[];
    expect(files).toEqual(expect.arrayContaining(["dist", "!dist/.tsbuildinfo"]));
    if (files.includes("src")) expect(files).toContain("!src/**/*.test.ts");
  });

  it("exports types before code, its own manifest, and nothing by pattern", () => {
    const entries = manifest["exports"] as Record<string, string | Record<string, string>>;
    expect(entries).toMatchObject({ "./package.json": "./package.json" });
    for (const [subpath, target] of Object.entries(entries)) {
      expect(subpath).not.toContain("*");
      if (typeof target === "string") continue;
      expect(Object.keys(target).slice(-2)).toEqual(["types", "default"]);
      const source = target["@millrace/source"];
      if (source !== undefined) expect(existsSync(join(folder, source)), source).toBe(true);
      expect(Object.keys(target).indexOf("@millrace/source")).toBeLessThanOrEqual(0);
    }
  });

  it("hands on no exact pin of a tool", () => {
    const ranges = { ...(manifest["dependencies"] ?? {}), ...(manifest["peerDependencies"] ?? {}) };
    for (const [name, range] of Object.entries(ranges)) {
      expect(`${name} ${range}`).toMatch(/ (workspace:\^|catalog:ranges)$/);
    }
  });
});

describe("the repository", () => {
  it.each(privates)("keeps %s to itself", (path) => {
    expect(read(path)).toMatchObject({ private: true, type: "module", version: "0.0.0" });
    if (path === "package.json") expect(read(path)).toMatchObject({ license: "MIT" });
  });

  it("has a licence, and the one of the manifests", () => {
    expect(readFileSync(join(root, "LICENSE"), "utf8")).toMatch(/^MIT License\n/);
  });

  it("releases all packages with one version", () => {
    const { fixed } = read(".changeset/config.json") as { fixed: readonly string[][] };
    const covered = (name: string): boolean =>
      fixed.some((group) =>
        group.some((entry) =>
          entry.endsWith("/*") ? name.startsWith(entry.slice(0, -1)) : entry === name,
        ),
      );
    for (const path of published) expect(covered(String(read(path)["name"])), path).toBe(true);
    expect(fixed).toHaveLength(1);
  });
});
