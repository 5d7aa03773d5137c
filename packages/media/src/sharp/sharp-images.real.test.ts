import { afterAll } from "vitest";
import { nodeAv } from "../node-av/node-av.ts";
import { describeImageEncoder } from "../testing/describe-image-encoder.ts";
import { sharpImages } from "./sharp-images.ts";

const video = nodeAv({ workers: 1 });
afterAll(() => video.close());

describeImageEncoder("sharp, scalar", () => sharpImages());
describeImageEncoder("sharp, node-av", () => sharpImages({ scaler: video.scaler }));
