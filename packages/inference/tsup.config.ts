import { defineConfig } from "tsup";

export default defineConfig({
  entry: [
    "src/index.ts",
    "src/onnx/index.ts",
    "src/onnx/onnx-worker.ts", // a thread of its own: bundling must not move it
    "src/tfjs/index.ts",
    "src/kserve/index.ts",
    "src/testing/index.ts",
  ],
  format: ["esm"],
  platform: "node",
  target: "node22",
  dts: false, // declarations come from `tsc -b`, see the root build script
  sourcemap: true,
  clean: ["!**/*.d.ts", "!**/*.d.ts.map", "!**/.tsbuildinfo"], // what `tsc -b` wrote stays
  treeshake: true,
  esbuildOptions(options) {
    options.sourcesContent = false; // the sources are in the package, beside dist
  },
});
