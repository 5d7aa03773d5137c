import type { Readable } from "node:stream";

/** The part of a command of the package `fluent-ffmpeg` that is used. */
export interface FluentCommand {
  noAudio(): unknown;
  videoFilters(filters: string[]): unknown;
  format(name: string): unknown;
  outputOptions(options: string[]): unknown;
  on(event: "stderr", listener: (line: string) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "end", listener: () => void): unknown;
  /** Starts it. */
  pipe(): Readable;
  kill(signal: string): unknown;
}
