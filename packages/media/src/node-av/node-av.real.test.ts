import { afterAll } from "vitest";
import { describeDecoder } from "../testing/describe-decoder.ts";
import { nodeAv } from "./node-av.ts";

const video = nodeAv({ workers: 2 });
afterAll(() => video.close());

describeDecoder("node-av", () => video.decoder);
