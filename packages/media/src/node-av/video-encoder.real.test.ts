import { afterAll } from "vitest";
import { describeVideoEncoder } from "../testing/describe-video-encoder.ts";
import { nodeAv } from "./node-av.ts";

const video = nodeAv({ workers: 1 });
afterAll(() => video.close());

describeVideoEncoder(
  "node-av",
  () => video.videoEncoder,
  () => video.decoder,
);
