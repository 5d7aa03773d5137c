import { availableParallelism } from "node:os";
import { MillraceError } from "@millrace/core";
import type { AudioEncoderBackend } from "../audio/audio-encoder.ts";
import type { FrameScaler } from "../video/frame-scaler.ts";
import type { VideoDecoderBackend } from "../video/video-decoder.ts";
import type { VideoEncoderBackend } from "../video/video-encoder.ts";
import { workerAudioEncoder } from "./worker-audio-encoder.ts";
import { workerDecoder } from "./worker-decoder.ts";
import { workerPool } from "./worker-pool.ts";
import { workerScaler } from "./worker-scaler.ts";
import { workerVideoEncoder } from "./worker-video-encoder.ts";

/** What {@link nodeAv} may be told. */
export interface NodeAvOptions {
  /** Threads that it decodes in, started as they are needed. @defaultValue the cores that there are, 4 at most */
  readonly workers?: number;
  /**
   * The module to load in the workers in place of `node-av/lib`, with the same names in it, as a URL: a library
   * object cannot cross to a thread.
   */
  readonly lib?: string | URL;
  /** Frame memory that is kept for the next frames, over all workers, in bytes. @defaultValue 128 MiB */
  readonly spareBytes?: number;
}

/** FFmpeg in this process, through node-av. */
export interface NodeAv extends AsyncDisposable {
  readonly decoder: VideoDecoderBackend;
  /** Scales bilinearly with swscale; tensors are written into shared memory without a copy. */
  readonly scaler: FrameScaler;
  readonly videoEncoder: VideoEncoderBackend;
  readonly audioEncoder: AudioEncoderBackend;
  /** Ends the workers. Decoders that are open reject what comes next; frames stay valid. */
  close(): Promise<void>;
}

const DEFAULT_WORKERS = 4;
const DEFAULT_SPARE_BYTES = 128 * 1024 * 1024;

/**
 * FFmpeg in worker threads of this process, through the package node-av, which the application installs. Its
 * binary is under the GPL.
 *
 * A decoder or an encoder lives in one worker, and each worker does one call at a time: as many run at once as
 * there are workers.
 *
 * @example
 * ```ts
 * import { nodeAv } from "@millrace/media/node-av";
 *
 * await using video = nodeAv({ workers: 1 });
 * await video.decoder.check();
 * ```
 * @throws MillraceError INVALID_OPTION when `workers` is not a whole number above 0
 */
export function nodeAv(options: NodeAvOptions = {}): NodeAv {
  const workers = options.workers ?? Math.min(DEFAULT_WORKERS, availableParallelism());
  if (!Number.isSafeInteger(workers) || workers < 1) {
    throw new MillraceError(
      "INVALID_OPTION",
      `nodeAv: workers is ${workers}; give a whole number from 1 up.`,
    );
  }
  const spareBytes = Math.floor((options.spareBytes ?? DEFAULT_SPARE_BYTES) / workers);
  const pool = workerPool(workers, {
    spareBytes,
    ...(options.lib !== undefined && { library: String(options.lib) }),
  });
  return {
    decoder: {
      apiVersion: 1,
      name: "node-av",
      capabilities: { prompt: true },
      async check() {
        await pool.forRequest().call<"check">({ kind: "check" });
      },
      open: async (config, open) => workerDecoder(pool.forTenant(), config, open),
    },
    scaler: workerScaler(pool),
    videoEncoder: {
      apiVersion: 1,
      name: "node-av",
      families: ["h264", "vp8"],
      open: async (config) => workerVideoEncoder(pool.forTenant(), config),
    },
    audioEncoder: {
      apiVersion: 1,
      name: "node-av",
      families: ["opus", "aac"],
      open: async (config) => workerAudioEncoder(pool.forTenant(), config),
    },
    close: pool.close,
    [Symbol.asyncDispose]: pool.close,
  };
}
