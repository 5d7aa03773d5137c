import { packageBuild } from "../../scripts/package-build.ts";

export default packageBuild({
  entry: [
    "src/index.ts",
    "src/node-av/index.ts",
    "src/node-av/worker/main.ts",
    "src/ffmpeg/index.ts",
    "src/fluent-ffmpeg/index.ts",
    "src/sharp/index.ts",
    "src/jpeg-turbo/index.ts",
    "src/testing/index.ts",
  ],
});
