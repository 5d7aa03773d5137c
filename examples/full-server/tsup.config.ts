import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/main.ts"],
  format: ["esm"],
  platform: "node",
  target: "node22",
  dts: false, // declarations come from `tsc -b`, see the root build script
  clean: ["!**/*.d.ts", "!**/*.d.ts.map", "!**/.tsbuildinfo", "!web/**"], // the pages and what `tsc -b` wrote stay
  treeshake: true,
});
