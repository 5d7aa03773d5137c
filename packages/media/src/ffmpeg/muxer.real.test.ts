import { afterAll } from "vitest";
import { webmMuxer } from "../mux/webm-muxer.ts";
import { nodeAv } from "../node-av/node-av.ts";
import { describeMuxer } from "../testing/describe-muxer.ts";
import { ffmpeg } from "./ffmpeg.ts";

const library = nodeAv({ workers: 1 });
afterAll(() => library.close());

const encoders = { video: () => library.videoEncoder, audio: () => library.audioEncoder };
const { muxer } = ffmpeg();
describeMuxer("ffmpeg", () => muxer, encoders);
describeMuxer("webm", () => webmMuxer(), encoders);
