// The arrows of docs/decisions and nothing else: who may import whom, and what is kept out of a package.
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What each package may import of ours. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  ingest: ["@millrace/core"],
  "vm-sink": ["@millrace/core"],
  media: ["@millrace/core"],
  inference: ["@millrace/core"],
  "video-index": ["@millrace/core", "@millrace/inference", "@millrace/media"],
  streaming: ["@millrace/core", "@millrace/media"],
  cli: ["@millrace/core", "@millrace/ingest", "@millrace/vm-sink"],
};
/** Modules that need a tool of the tests, or are heavy, and must not come with the root of a package. */
const KEPT_OUT: Readonly<Record<string, readonly string[]>> = {
  core: ["testing", "jobs", "objects", "s3"],
  ingest: ["testing", "html-report", "csv", "parquet", "grafana"],
  "vm-sink": ["server"],
  media: ["node-av", "ffmpeg", "fluent-ffmpeg", "sharp", "jpeg-turbo", "testing"],
  inference: ["onnx", "tfjs", "kserve", "testing"],
  "video-index": ["tasks", "browser", "testing"],
  streaming: ["browser", "testing"],
  cli: [],
};
/** Written by a script. */
const GENERATED = new Set(["packages/ingest/src/html-report/page-assets.ts"]);
const MOST_LINES = 400;

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

interface SourceFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
  /** The text without comments, so that examples in docstrings do not count. */
  readonly code: string;
  readonly imports: readonly string[];
  /** Imports that remain when types are stripped. */
  readonly valueImports: readonly string[];
}

const packages = globSync("packages/*/package.json", { cwd: root }).map((path) =>
  basename(dirname(path)),
);
const sourcesOf = (name: string): readonly SourceFile[] =>
  globSync(`packages/${name}/src/**/*.ts`, { cwd: root })
    .filter((path) => !path.endsWith(".test.ts"))
    .map(readSource);
const manifestOf = (name: string): Manifest =>
  JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));

describe("the layers", () => {
  it("are known for every package", () => {
    expect([...packages].sort()).toEqual(Object.keys(ARROWS).sort());
  });

  describe.each(packages)("of packages/%s", (name) => {
    const sources = sourcesOf(name);
    const manifest = manifestOf(name);

    it("have sources with imports", () => {
      expect(sources.length).toBeGreaterThan(5);
      expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(5);
    });

    it("point downwards", () => {
      const wrong = eachImport(sources)
        .filter(([, specifier]) => /^(@millrace\/|millrace(\/|$))/.test(specifier))
        .filter(([, specifier]) => !ARROWS[name]?.includes(packageOf(specifier)));
      expect(wrong).toEqual([]);
    });

    it("are crossed by no relative import", () => {
      const folder = join(root, "packages", name, "src");
      const wrong = eachImport(sources)
        .filter(([, specifier]) => specifier.startsWith("."))
        .filter(([path, specifier]) =>
          relative(folder, resolve(root, dirname(path), specifier)).startsWith(".."),
        );
      expect(wrong).toEqual([]);
    });

    it("import what the manifest declares, and declare what is imported", () => {
      const bundled = name === "cli";
      const { dependencies, devDependencies, peerDependencies } = manifest;
      const declared = { ...dependencies, ...peerDependencies, ...(bundled && devDependencies) };
      const used = new Set(
        eachImport(sources)
          .map(([, specifier]) => specifier)
          .filter((specifier) => !/^(\.|node:)/.test(specifier))
          .map(packageOf),
      );
      expect([...used].filter((dependency) => !(dependency in declared))).toEqual([]);
      const published = Object.keys({ ...dependencies, ...peerDependencies });
      expect(published.filter((dependency) => !used.has(dependency))).toEqual([]);
    });

    it("keep subpaths and optional peers out of the root", () => {
      const reached = reachable(`packages/${name}/src/index.ts`);
      const folders = KEPT_OUT[name]?.map((folder) => `packages/${name}/src/${folder}/`) ?? [];
      const wrong = [...reached].filter((path) => folders.some((it) => path.startsWith(it)));
      expect(wrong).toEqual([]);
      const optional = Object.entries(manifest.peerDependenciesMeta ?? {})
        .filter(([, meta]) => meta.optional)
        .map(([peer]) => peer);
      const imports = [...reached].flatMap((path) => readSource(path).valueImports.map(packageOf));
      expect(imports.filter((specifier) => optional.includes(specifier))).toEqual([]);
    });

    it("read no environment and print nothing themselves", () => {
      const wrong = sources
        .filter(({ path }) => path !== "packages/cli/src/main.ts")
        .filter(({ code }) =>
          /\bprocess\.env\b|\bconsole\.\w|\bprocess\.std(out|err)\b/.test(code),
        );
      expect(wrong.map(({ path }) => path)).toEqual([]);
    });

    it("have files that are named after what they do and can be read in one go", () => {
      const vague = sources.filter(({ path }) =>
        /^(utils?|helpers?|misc|common|shared|manager)\b/.test(basename(path)),
      );
      expect(vague.map(({ path }) => path)).toEqual([]);
      const long = sources
        .filter(({ path }) => !GENERATED.has(path))
        .filter(({ text }) => text.split("\n").length > MOST_LINES + 1);
      expect(long.map(({ path }) => path)).toEqual([]);
    });
  });

  it("keep Node out of what runs in browsers", () => {
    const reached = reachableAcross("packages/video-index/src/browser/index.ts");
    const outside = [...reached].flatMap((path) =>
      readSource(path).valueImports.filter((specifier) => !specifier.startsWith(".")),
    );
    // rxjs comes with the root of media, and is left out by a bundler where it is not used.
    expect([...new Set(outside)].sort()).toEqual(["@millrace/core/web", "@millrace/media", "rxjs"]);
    // What of Node is there without an import, except where it is asked for first, and in what writes containers.
    const wrong = [...reached]
      .filter((path) => !path.startsWith("packages/media/src/mux/"))
      .filter((path) => !readSource(path).code.includes("Buffer === undefined"))
      .filter((path) => /\b(?:Buffer|process|require|__dirname)\b[.(]/.test(readSource(path).code));
    expect(wrong).toEqual([]);
    expect(reached.size).toBeGreaterThan(50);
  });

  it("keep Node, and whatever is heavy, out of the players", () => {
    const reached = reachableAcross("packages/streaming/src/browser/index.ts");
    const outside = [...reached].flatMap((path) =>
      readSource(path).valueImports.filter((specifier) => !specifier.startsWith(".")),
    );
    expect([...new Set(outside)]).toEqual(["@millrace/core/web"]);
    const wrong = [...reached].filter((path) =>
      /\b(?:Buffer|process|require|__dirname)\b[.(]/.test(readSource(path).code),
    );
    expect(wrong).toEqual([]);
    expect(reached.size).toBeGreaterThan(20);
  });

  it("see only public entries of packages from examples, bench and documents", () => {
    const files = globSync("{examples,bench,docs,campaigns}/**/*.ts", {
      cwd: root,
      exclude: (path) => /node_modules|\.doctest/.test(path),
    }).map(readSource);
    const wrong = eachImport(files).filter(
      ([path, specifier]) =>
        // A campaign judges by the truth that the package's own tests use.
        (/packages\/\w/.test(specifier) &&
          !(path.startsWith("campaigns/") && /packages\/[\w-]+\/test\//.test(specifier))) ||
        /^@millrace\/[\w-]+\/(src|dist)\b/.test(specifier),
    );
    expect(files.length).toBeGreaterThan(5);
    expect(wrong).toEqual([]);
  });
});

describe("this test", () => {
  it("finds every form of import, and none in comments", () => {
    const code = `
      import a, { type b } from "one";
      import type { c } from "two";
      export { d } from "./three.ts";
      export type * from "four";
      import "five";
      const e = await import("six");
      type F = import("seven").F;
      import {
        type g,
        h,
      } from "eight";
      // import x from "no";
      /* import x from "no"; */
      const text = "https://example.org"; import i from "nine";`;
    expect([...importsOf(withoutComments(code))].sort()).toEqual(
      ["one", "two", "./three.ts", "four", "five", "six", "seven", "eight", "nine"].sort(),
    );
    expect([...importsOf(withoutTypes(withoutComments(code)))].sort()).toEqual(
      ["one", "./three.ts", "five", "six", "eight", "nine"].sort(),
    );
  });
});

function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), "utf8");
  const code = withoutComments(text);
  return {
    path,
    text,
    code,
    imports: importsOf(code),
    valueImports: importsOf(withoutTypes(code)),
  };
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:"'`\w])\/\/.*$/gm, "$1");
}

function withoutTypes(code: string): string {
  return code
    .replace(/^\s*(?:import|export) type\b[^;]*;/gm, "")
    .replace(/(?<!await )\bimport\("[^"]+"\)\.\w+/g, "");
}

function importsOf(code: string): readonly string[] {
  const statement = /(?:^|[;\s])(?:import|export)\s(?:[^;"'()=]*?\sfrom\s)?\s*"([^"]+)"/g;
  const call = /\bimport\(\s*"([^"]+)"\s*\)/g;
  return [statement, call].flatMap((form) =>
    [...code.matchAll(form)].map((found) => `${found[1]}`),
  );
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function eachImport(sources: readonly SourceFile[]): readonly (readonly [string, string])[] {
  return sources.flatMap(({ path, imports }) => imports.map((it) => [path, it] as const));
}

/** Every file of a package that importing this one loads at once. */
function reachable(entry: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const queue = [entry];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const specifier of readSource(path).valueImports) {
      const next = join(dirname(path), specifier);
      if (specifier.startsWith(".") && next.endsWith(".ts") && existsSync(join(root, next))) {
        queue.push(next);
      }
    }
  }
  return seen;
}

/** As {@link reachable}, and into our other packages by their names. */
function reachableAcross(entry: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const queue = [entry];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const path of reachable(next)) {
      if (seen.has(path)) continue;
      seen.add(path);
      for (const specifier of readSource(path).valueImports) {
        const [, name, subpath] = /^@millrace\/([\w-]+)(?:\/(.+))?$/.exec(specifier) ?? [];
        if (name === undefined) continue;
        queue.push(join("packages", name, "src", subpath ?? "", "index.ts"));
      }
    }
  }
  return seen;
}
