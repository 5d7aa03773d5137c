import { MillraceError } from "@millrace/core";
import { frameRecordReader } from "../ffmpeg/frame-record.ts";
import { RAW_FILTERS, type RawFrame, rawFrameReader } from "../ffmpeg/raw-frames.ts";
import { rawVideoFrame } from "../ffmpeg/raw-video-frame.ts";
import type { VideoFrame } from "../video/video-frame.ts";
import type { FluentCommand } from "./fluent-command.ts";

/** What {@link fluentFrames} may be told. */
export interface FluentFramesOptions {
  /** Frames that are read ahead at most. @defaultValue 4 */
  readonly highWaterMark?: number;
  readonly signal?: AbortSignal;
}

const DEFAULT_HIGH_WATER_MARK = 4;

/**
 * The frames of a command of the package fluent-ffmpeg, for applications that have one. The command gets raw video
 * as its output, behind the filters that it has (`size()`, which would act after them, is not for this), and is started by the first `next()`; it waits while the consumer
 * does, and is killed when the consumer leaves. The package itself is no longer maintained: `ffmpeg()` needs none.
 *
 * A frame has one owner, who closes it.
 *
 * @example
 * ```ts no-run
 * import { fluentFrames } from "@millrace/media/fluent-ffmpeg";
 *
 * declare const command: import("@millrace/media/fluent-ffmpeg").FluentCommand;
 * for await (using frame of fluentFrames(command)) console.log(frame.timestamp);
 * ```
 * @throws MillraceError REMOTE_FAILED, from `next()`, when the command fails
 */
export async function* fluentFrames(
  command: FluentCommand,
  options: FluentFramesOptions = {},
): AsyncGenerator<VideoFrame, void, undefined> {
  const { highWaterMark = DEFAULT_HIGH_WATER_MARK, signal } = options;
  signal?.throwIfAborted();
  const queue: RawFrame[] = [];
  const records = frameRecordReader();
  let outcome: { readonly error?: unknown } | undefined;
  let wake: () => void = () => {};
  const settle = (error?: unknown): void => {
    outcome ??= error === undefined ? {} : { error };
    wake();
  };

  command.noAudio();
  command.videoFilters([...RAW_FILTERS]);
  command.format("rawvideo");
  command.outputOptions([
    "-c:v rawvideo",
    "-fps_mode passthrough",
    "-autoscale 0",
    "-loglevel level+info",
  ]);
  command.on("stderr", (line) => {
    const record = records.line(line);
    if (record) reader.expect(record);
  });
  command.on("error", (cause) => {
    const message = `fluent-ffmpeg: the command failed: ${cause.message}`;
    settle(new MillraceError("REMOTE_FAILED", message, { cause }));
  });
  const stream = command.pipe();
  const reader = rawFrameReader(
    stream,
    () => true,
    (frame) => {
      queue.push(frame);
      wake();
    },
    () => queue.length >= highWaterMark,
  );
  // Bytes may be on their way when the process is gone, and its failure is told after their end.
  let isHalfDone = false;
  const half = (): void => {
    if (isHalfDone) settle(reader.isBetweenFrames() ? undefined : oddBytes());
    isHalfDone = true;
  };
  stream.on("end", half);
  command.on("end", half);
  const onAbort = (): void => settle(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    for (;;) {
      signal?.throwIfAborted();
      const raw = queue.shift();
      if (raw) {
        reader.resume();
        yield rawVideoFrame(raw, raw.record.pts, raw.record.timeBase);
        continue;
      }
      if (outcome) {
        if ("error" in outcome) throw outcome.error;
        return;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    if (!outcome || "error" in outcome) command.kill("SIGKILL");
  }
}

function oddBytes(): MillraceError {
  return new MillraceError(
    "INVALID_OPTION",
    "fluent-ffmpeg: the frames have other sizes than the filters say. Leave size() out of the command; " +
      "videoFilters('scale=640:360') does the same.",
  );
}
