import { fileURLToPath } from "node:url";
import { packageBuild } from "../../scripts/package-build.ts";

// One bundle with everything inside: half the start-up time of loading some 400 modules, and an
// installation without dependencies. Plugins still import their own @millrace/core; errors and
// Observables are recognised across copies. See docs/decisions/0004-bundled-command.md.
export default packageBuild({
  entry: ["src/index.ts", "src/main.ts"],
  sourcemap: false,
  splitting: true,
  treeshake: false,
  noExternal: [/.*/],
  banner: {
    // The CommonJS modules inside ask for Node's own modules through require.
    js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
  },
  esbuildOptions(options) {
    options.mainFields = ["module", "main"];
    options.conditions = ["@millrace/source"];
    // For Node, rxjs resolves to CommonJS, which cannot be shaken.
    const rxjs = fileURLToPath(new URL("node_modules/rxjs/dist/esm/index.js", import.meta.url));
    options.alias = { rxjs };
    options.legalComments = "eof";
  },
});
