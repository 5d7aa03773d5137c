import type { Options } from "tsup";

const DECLARATIONS = ["!**/*.d.ts", "!**/*.d.ts.map", "!**/.tsbuildinfo"];

/** What packages differ in. */
export interface PackageBuild
  extends Pick<
    Options,
    "banner" | "esbuildOptions" | "noExternal" | "removeNodeProtocol" | "sourcemap" | "splitting"
  > {
  /** One for each subpath of the package, and for each thread that it starts. */
  readonly entry: readonly string[];
  /** @defaultValue true */
  readonly treeshake?: boolean;
  /** Patterns below `dist` of what somebody else writes there, beside `tsc -b` and its declarations. */
  readonly keep?: readonly string[];
}

/** How tsup makes JavaScript for Node of a package. Its declarations come from `tsc -b`, see the root build script. */
export function packageBuild({ entry, keep = [], ...differences }: PackageBuild): Options {
  return {
    entry: [...entry],
    format: ["esm"],
    platform: "node",
    target: "node22",
    dts: false,
    sourcemap: true,
    treeshake: true,
    clean: [...DECLARATIONS, ...keep.map((pattern) => `!${pattern}`)],
    esbuildOptions(options) {
      options.sourcesContent = false; // the sources are in the package, beside dist
    },
    ...differences,
  };
}
