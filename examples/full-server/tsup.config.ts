import { packageBuild } from "../../scripts/package-build.ts";

export default packageBuild({
  entry: ["src/index.ts", "src/main.ts"],
  sourcemap: false,
  keep: ["web/**"], // the pages
});
