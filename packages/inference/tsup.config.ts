import { packageBuild } from "../../scripts/package-build.ts";

export default packageBuild({
  entry: [
    "src/index.ts",
    "src/onnx/index.ts",
    "src/onnx/onnx-worker.ts", // a thread of its own: bundling must not move it
    "src/tfjs/index.ts",
    "src/kserve/index.ts",
    "src/testing/index.ts",
  ],
});
