import { defineConfig } from "tsup";

export default defineConfig({
  entry: [
    "src/index.ts",
    "src/jobs/index.ts",
    "src/jobs/bullmq/index.ts",
    "src/objects/index.ts",
    "src/s3/index.ts",
    "src/testing/index.ts",
    "src/web/index.ts",
  ],
  format: ["esm"],
  platform: "node",
  target: "node22",
  dts: false, // declarations come from `tsc -b`, see the root build script
  sourcemap: true,
  clean: ["!**/*.d.ts", "!**/*.d.ts.map", "!**/.tsbuildinfo"], // what `tsc -b` wrote stays
  treeshake: true,
  removeNodeProtocol: false, // node:sqlite has no other name
  esbuildOptions(options) {
    options.sourcesContent = false; // the sources are in the package, beside dist
  },
});
