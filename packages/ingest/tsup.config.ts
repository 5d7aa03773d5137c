import { packageBuild } from "../../scripts/package-build.ts";

export default packageBuild({
  entry: [
    "src/index.ts",
    "src/csv/index.ts",
    "src/grafana/index.ts",
    "src/html-report/index.ts",
    "src/parquet/index.ts",
    "src/testing/index.ts",
  ],
});
