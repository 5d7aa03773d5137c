import { MillraceError } from "@millrace/core";
import type { CaptureBackend } from "../capture/capture.ts";
import type { MuxerBackend } from "../mux/muxer.ts";
import type { VideoDecoderBackend } from "../video/video-decoder.ts";
import { checkCapture, ffmpegCapture } from "./ffmpeg-capture.ts";
import { ffmpegDecoder } from "./ffmpeg-decoder.ts";
import { ffmpegMuxer } from "./ffmpeg-muxer.ts";
import { type FfmpegAbilities, ffmpegAbilities } from "./ffmpeg-version.ts";

/** What {@link ffmpeg} may be told. */
export interface FfmpegOptions {
  /** The program, of version 5.1 or newer. @defaultValue `"ffmpeg"`, which is looked for on the PATH */
  readonly path?: string;
}

/** The command ffmpeg. */
export interface Ffmpeg {
  readonly decoder: VideoDecoderBackend;
  /** Writes fragmented MP4 and WebM; packets are not changed. */
  readonly muxer: MuxerBackend;
  /**
   * Reads cameras: RTSP, HLS, MJPEG over HTTP, files and devices, one process each. An address stands among the
   * arguments of that process, where other users of the machine may see it.
   */
  readonly capture: CaptureBackend;
}

/**
 * Decodes with the command ffmpeg, in a process of its own: slower than `nodeAv()` by the start of a process for
 * each run of chunks, and nothing of it is in this process.
 *
 * A decoder's process starts with the first chunk and ends with `end`, `reset`, an abort or `close`. Without `end`,
 * frames come as ffmpeg writes them, which reads ahead before its first one. ffmpeg 7 and newer may tell of a
 * concealed frame one frame late.
 *
 * @example
 * ```ts
 * import { ffmpeg } from "@millrace/media/ffmpeg";
 *
 * const { decoder } = ffmpeg();
 * await decoder.check();
 * ```
 */
export function ffmpeg(options: FfmpegOptions = {}): Ffmpeg {
  const { path = "ffmpeg" } = options;
  let asking: Promise<FfmpegAbilities> | undefined;
  const abilities = (): Promise<FfmpegAbilities> => {
    asking ??= ffmpegAbilities(path).catch((error: unknown) => {
      // It may be installed by the next time.
      asking = undefined;
      throw error;
    });
    return asking;
  };
  return {
    decoder: {
      apiVersion: 1,
      name: "ffmpeg",
      capabilities: { prompt: false },
      async check() {
        await abilities();
      },
      async open(config, open) {
        open.signal?.throwIfAborted();
        const { decoders, version } = await abilities();
        const names = config.family === "av1" ? ["libdav1d", "libaom-av1"] : [config.family];
        if (!names.some((name) => decoders.has(name))) {
          throw new MillraceError(
            "UNSUPPORTED",
            `ffmpeg: ${path} (version ${version}) has no decoder ${names.join(" or ")}.`,
          );
        }
        return ffmpegDecoder(path, config, open);
      },
    },
    muxer: {
      apiVersion: 1,
      name: "ffmpeg",
      containers: ["mp4", "webm"],
      async open(container, tracks) {
        await abilities();
        return ffmpegMuxer(path, container, tracks);
      },
    },
    capture: {
      apiVersion: 1,
      name: "ffmpeg",
      async open(options) {
        checkCapture(options);
        await abilities();
        return ffmpegCapture(path, options);
      },
    },
  };
}
