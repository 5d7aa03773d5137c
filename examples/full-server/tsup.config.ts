import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/main.ts"],
  format: ["esm"],
  platform: "node",
  target: "node22",
  dts: false, // declarations come from `tsc -b`, see the root build script
  // The pages and what `tsc -b` wrote stay.
  clean: ["!web/**", "!**/*.d.ts", "!**/*.d.ts.map", "!**/.tsbuildinfo"],
  treeshake: true,
});
