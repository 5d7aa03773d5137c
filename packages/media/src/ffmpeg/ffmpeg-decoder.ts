import { abortable, MillraceError } from "@millrace/core";
import type { VideoDecoderConfig } from "../video/codec.ts";
import type { EncodedVideoChunk } from "../video/encoded-video-chunk.ts";
import type {
  DecodedFrame,
  DecodeOptions,
  DecodeResult,
  OpenDecoderOptions,
  VideoDecoder,
} from "../video/video-decoder.ts";
import { type DecoderRun, decoderRun, type RunFrame } from "./decoder-run.ts";
import { rawVideoFrame } from "./raw-video-frame.ts";

/** Makes a decoder; a process runs from the first chunk to `end`, `reset` or an abort. */
export function ffmpegDecoder(
  path: string,
  config: VideoDecoderConfig,
  { timeBase, threads = 1 }: OpenDecoderOptions,
): VideoDecoder {
  /** What was asked for and has not come out yet. */
  const asked = new Set<number>();
  let run: DecoderRun | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let isClosed = false;

  /** One call after another, whether or not the one before it failed. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work, work);
    last = turn.catch(() => {});
    return turn;
  }

  function mustBeOpen(): void {
    if (isClosed) {
      throw new MillraceError("CLOSED", "ffmpeg: the decoder is closed; open another.");
    }
  }

  function toFrame(raw: RunFrame): DecodedFrame {
    return {
      frame: rawVideoFrame(raw, raw.pts, timeBase),
      status: raw.record.concealed ? "concealed" : "ok",
    };
  }

  async function forget(): Promise<void> {
    asked.clear();
    const gone = run;
    run = undefined;
    await gone?.kill();
  }

  async function feed(
    chunks: readonly EncodedVideoChunk[],
    { keep, end = false }: DecodeOptions,
  ): Promise<DecodeResult> {
    for (const pts of keep ?? chunks.map((chunk) => chunk.pts)) asked.add(pts);
    const [first] = chunks;
    if (first) {
      run ??= decoderRun(
        { path, config, timeBase, threads, isAsked: (pts) => asked.delete(pts) },
        first.pts,
      );
      await run.feed(chunks);
    }
    if (!run) return { frames: [], decoded: [], concealed: [] };
    const current = run;
    if (end) {
      await current.finish();
      run = undefined;
      asked.clear();
    }
    const { frames, ...rest } = current.take();
    const inOrder = frames.toSorted((a, b) => a.pts - b.pts);
    return { frames: inOrder.map(toFrame), ...rest };
  }

  async function close(): Promise<void> {
    isClosed = true;
    // A call that waits for the process is rejected by its end.
    await run?.kill();
    await inTurn(forget);
  }

  return {
    async decode(chunks, options = {}) {
      mustBeOpen();
      const { signal } = options;
      signal?.throwIfAborted();
      return inTurn(async () => {
        mustBeOpen();
        signal?.throwIfAborted();
        const fed = feed(chunks, options);
        try {
          return await (signal ? abortable(fed, signal) : fed);
        } catch (error) {
          // Frames may have come in the moment of the abort; nobody takes them any more.
          fed
            .then(({ frames }) => {
              for (const { frame } of frames) frame.close();
            })
            .catch(() => {});
          await forget();
          throw isClosed && !signal?.aborted
            ? new MillraceError("CLOSED", "ffmpeg: the decoder was closed during the call.")
            : error;
        }
      });
    },
    async reset() {
      mustBeOpen();
      await inTurn(forget);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
