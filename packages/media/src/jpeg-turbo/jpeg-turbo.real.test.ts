import { afterAll } from "vitest";
import { nodeAv } from "../node-av/node-av.ts";
import { describeImageEncoder } from "../testing/describe-image-encoder.ts";
import { jpegTurbo } from "./jpeg-turbo.ts";

const video = nodeAv({ workers: 1 });
afterAll(() => video.close());

describeImageEncoder("jpeg-turbo, scalar", () => jpegTurbo());
describeImageEncoder("jpeg-turbo, node-av", () => jpegTurbo({ scaler: video.scaler }));
