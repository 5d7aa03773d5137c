import type { Readable } from "node:stream";

/** The part of a command of the package `fluent-ffmpeg` that is used. */
export interface FluentCommand {
  /** Leaves the sound out. */
  noAudio(): unknown;
  /** Adds filters behind those that it has. */
  videoFilters(filters: string[]): unknown;
  /** Sets the container. */
  format(name: string): unknown;
  /** Adds arguments. */
  outputOptions(options: string[]): unknown;
  /** Tells each line of stderr. */
  on(event: "stderr", listener: (line: string) => void): unknown;
  /** Tells of its failure, also of a kill. */
  on(event: "error", listener: (error: Error) => void): unknown;
  /** Tells of its success. */
  on(event: "end", listener: () => void): unknown;
  /** Starts it. */
  pipe(): Readable;
  /** Ends it. */
  kill(signal: string): unknown;
}
