import { defineConfig } from "tsup";

export default defineConfig({
  entry: [
    "src/index.ts",
    "src/websocket/index.ts",
    "src/webrtc/index.ts",
    "src/werift/index.ts",
    "src/node-datachannel/index.ts",
    "src/browser/index.ts",
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
