import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/html-report/index.ts", "src/testing/index.ts"],
  format: ["esm"],
  platform: "node",
  target: "node22",
  dts: false, // declarations come from `tsc -b`, see the root build script
  sourcemap: true,
  clean: false, // would delete the declarations; `pnpm run clean` clears dist as a whole
  treeshake: true,
});
