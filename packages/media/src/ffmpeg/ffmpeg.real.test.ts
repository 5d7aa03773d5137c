import { describeDecoder } from "../testing/describe-decoder.ts";
import { ffmpeg } from "./ffmpeg.ts";

const { decoder } = ffmpeg();

describeDecoder("ffmpeg", () => decoder);
