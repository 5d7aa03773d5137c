import { packageBuild } from "../../scripts/package-build.ts";

export default packageBuild({
  entry: [
    "src/index.ts",
    "src/jobs/index.ts",
    "src/jobs/bullmq/index.ts",
    "src/objects/index.ts",
    "src/s3/index.ts",
    "src/testing/index.ts",
    "src/web/index.ts",
  ],
  removeNodeProtocol: false, // node:sqlite has no other name
});
