/**
 * Frames of a command of the package fluent-ffmpeg.
 *
 * @packageDocumentation
 */
export type { FluentCommand } from "./fluent-command.ts";
export { type FluentFramesOptions, fluentFrames } from "./fluent-frames.ts";
