import { packageBuild } from "../../scripts/package-build.ts";

export default packageBuild({
  entry: ["src/index.ts", "src/tasks/index.ts", "src/browser/index.ts", "src/testing/index.ts"],
});
