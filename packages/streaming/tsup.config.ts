import { packageBuild } from "../../scripts/package-build.ts";

export default packageBuild({
  entry: [
    "src/index.ts",
    "src/websocket/index.ts",
    "src/webrtc/index.ts",
    "src/werift/index.ts",
    "src/browser/index.ts",
    "src/testing/index.ts",
  ],
});
