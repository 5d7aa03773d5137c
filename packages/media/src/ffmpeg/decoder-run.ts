import { MillraceError } from "@millrace/core";
import { loneBlock, matroskaHeader } from "../mux/matroska.ts";
import type { Rational } from "../rational.ts";
import type { VideoDecoderConfig } from "../video/codec.ts";
import type { EncodedVideoChunk } from "../video/encoded-video-chunk.ts";
import { childProgram } from "./child-program.ts";
import { frameRecordReader } from "./frame-record.ts";
import { RAW_FILTERS, type RawFrame, rawFrameReader } from "./raw-frames.ts";

/** One process of ffmpeg, from a key chunk to the end of what is fed. */
export interface DecoderRun {
  /** Writes chunks; settles when ffmpeg has taken them, not when it has decoded them. */
  feed(chunks: readonly EncodedVideoChunk[]): Promise<void>;
  /**
   * Says that no more comes; settles when everything has come out.
   *
   * @throws MillraceError INTERNAL when ffmpeg fails for another reason than its input
   */
  finish(): Promise<void>;
  /** What has come out since the last call, with the pts that the chunks had. */
  take(): {
    readonly frames: readonly RunFrame[];
    readonly decoded: readonly number[];
    readonly concealed: readonly number[];
  };
  /** Ends it; settles when it is gone. */
  kill(): Promise<void>;
}

/** A frame with the pts of its chunk. */
export interface RunFrame extends RawFrame {
  readonly pts: number;
}

/** What a run is made with. */
export interface DecoderRunOptions {
  readonly path: string;
  readonly config: VideoDecoderConfig;
  readonly timeBase: Rational;
  readonly threads: number;
  /** Whether a frame is kept. Asked once for each that comes out. */
  readonly isAsked: (pts: number) => boolean;
}

/** Matroska has no times below 0, and the first packet decoded need not be the first shown. */
const FIRST_TICK = 2 ** 32;

/** Starts ffmpeg on a stream that begins with the chunk whose pts is `firstPts`. */
export function decoderRun(options: DecoderRunOptions, firstPts: number): DecoderRun {
  const { path, config, timeBase, threads, isAsked } = options;
  const base = firstPts - FIRST_TICK;
  const records = frameRecordReader();
  let frames: RunFrame[] = [];
  let decoded: number[] = [];
  let concealed: number[] = [];
  let isHeaded = false;

  const program = childProgram(path, commandLine(threads), (line) => {
    const record = records.line(line);
    if (record) reader.expect(record);
  });
  const reader = rawFrameReader(
    program.stdout,
    (record) => {
      const pts = record.pts + base;
      decoded.push(pts);
      if (record.concealed) concealed.push(pts);
      return isAsked(pts);
    },
    (frame) => frames.push({ ...frame, pts: frame.record.pts + base }),
  );

  return {
    async feed(chunks) {
      if (!isHeaded) await program.write(header(config, timeBase));
      isHeaded = true;
      for (const chunk of chunks) {
        const isKey = chunk.type === "key";
        await program.write(loneBlock("video", chunk.pts - base, isKey, chunk.data));
      }
    },
    async finish() {
      program.end();
      const { status, killed } = await program.ended;
      if (killed || (status !== 0 && !isInputFailure(program.complaints()))) {
        throw new MillraceError(
          "INTERNAL",
          `ffmpeg: it ended with status ${status ?? "of a signal"} while decoding ${config.family}. It said:\n` +
            program.complaints(),
        );
      }
    },
    take() {
      const taken = { frames, decoded, concealed };
      frames = [];
      decoded = [];
      concealed = [];
      return taken;
    },
    async kill() {
      program.kill();
      await program.ended.catch(() => {});
    },
  };
}

/** Timestamps are ticks of the time base: FFmpeg reads them as they are, whatever a tick lasts. */
function header(video: VideoDecoderConfig, { num, den }: Rational): Buffer {
  const timestampScaleNs = Math.max(1, Math.round((1e9 * num) / den));
  return matroskaHeader({ docType: "matroska", timestampScaleNs, video });
}

/** What ffmpeg says when it could make nothing of its input, which costs frames and not the call. */
function isInputFailure(complaints: string): boolean {
  return /Invalid data found|Could not find codec parameters|does not contain any stream|Error while decoding|matches no streams|Output file is empty|Nothing was written|Cannot determine format|received no packets/i.test(
    complaints,
  );
}

function commandLine(threads: number): string[] {
  return [
    ...["-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+info"],
    ...["-copyts", "-threads", String(threads), "-flags:v", "+output_corrupt"],
    ...["-f", "matroska", "-i", "pipe:0", "-map", "0:v:0"],
    ...["-vf", RAW_FILTERS.join(",")],
    ...[
      "-fps_mode",
      "passthrough",
      "-autoscale",
      "0",
      "-c:v",
      "rawvideo",
      "-f",
      "rawvideo",
      "pipe:1",
    ],
  ];
}
