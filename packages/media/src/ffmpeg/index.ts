/**
 * Decodes with the command ffmpeg.
 *
 * @packageDocumentation
 */
export { type Ffmpeg, type FfmpegOptions, ffmpeg } from "./ffmpeg.ts";
