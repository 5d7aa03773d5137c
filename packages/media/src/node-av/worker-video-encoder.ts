import { abortable, MillraceError } from "@millrace/core";
import { ticksToMicroseconds } from "../rational.ts";
import type { VideoDecoderConfig } from "../video/codec.ts";
import type { EncodedVideoChunk } from "../video/encoded-video-chunk.ts";
import type { VideoEncoder, VideoEncoderConfig } from "../video/video-encoder.ts";
import type { VideoFrame } from "../video/video-frame.ts";
import { avcCodecString } from "./avc-codec-string.ts";
import { borrowPixels } from "./borrow-pixels.ts";
import type { WirePacket } from "./protocol.ts";
import type { PoolWorker } from "./worker-pool.ts";

const DEFAULT_FRAMERATE = 30;
const KEY_FRAME_SECONDS = 10;
const MICROSECONDS = { num: 1, den: 1_000_000 };

/** Opens an encoder that lives in a worker. */
export async function workerVideoEncoder(
  worker: PoolWorker,
  config: VideoEncoderConfig,
): Promise<VideoEncoder> {
  const { family, width, height, timeBase = MICROSECONDS, threads = 1 } = config;
  const framerate = config.framerate ?? DEFAULT_FRAMERATE;
  checkConfig(config, framerate);
  worker.tenants += 1;
  const encoder = await worker
    .call<"open-video-encoder">({
      kind: "open-video-encoder",
      family,
      width,
      height,
      bitrate: Math.round(config.bitrate),
      framerate,
      keyFrameInterval: config.keyFrameInterval ?? Math.ceil(framerate * KEY_FRAME_SECONDS),
      realtime: config.latencyMode !== "quality",
      timeBase,
      threads,
    })
    .catch((error: unknown) => {
      worker.tenants -= 1;
      throw error;
    });
  let codec = family === "h264" ? "avc1" : family;
  /** Of the frames that are in the encoder. */
  const durations = new Map<number, number | null>();
  let lastPts = Number.NEGATIVE_INFINITY;
  let closing: Promise<void> | undefined;

  function mustBeOpen(): void {
    if (closing) throw new MillraceError("CLOSED", "node-av: the encoder is closed; open another.");
  }

  /** A frame's time in the encoder's ticks. */
  function ticksOf(frame: VideoFrame): number {
    const { num, den } = frame.timeBase;
    const same = num === timeBase.num && den === timeBase.den;
    const pts = same
      ? frame.pts
      : Math.round((frame.timestamp / 1e6) * (timeBase.den / timeBase.num));
    if (pts <= lastPts) {
      throw new MillraceError(
        "INVALID_OPTION",
        `node-av: a frame at ${pts} comes after one at ${lastPts} (in ticks of the encoder); times must rise.`,
      );
    }
    lastPts = pts;
    return pts;
  }

  function toChunk({ data, key, pts, dts }: WirePacket): EncodedVideoChunk {
    const duration = durations.get(pts) ?? null;
    durations.delete(pts);
    if (key && family === "h264") codec = avcCodecString(data) ?? codec;
    return {
      type: key ? "key" : "delta",
      timestamp: ticksToMicroseconds(pts, timeBase),
      duration,
      pts,
      dts,
      data,
    };
  }

  async function close(): Promise<void> {
    closing ??= worker
      .call<"close">({ kind: "close", number: encoder })
      // A worker that is gone has taken its encoders along.
      .catch(() => null)
      .then(() => {
        worker.tenants -= 1;
      });
    await closing;
  }

  return {
    async encode(frame, { keyFrame = false, signal } = {}) {
      mustBeOpen();
      signal?.throwIfAborted();
      const pts = ticksOf(frame);
      const { source, done } = borrowPixels(frame);
      durations.set(pts, frame.duration);
      const answer = worker
        .call<"encode-video">({ kind: "encode-video", encoder, source, keyFrame, pts })
        .finally(done);
      return (await (signal ? abortable(answer, signal) : answer)).map(toChunk);
    },
    async setBitrate(bitrate) {
      mustBeOpen();
      checkConfig({ ...config, bitrate }, framerate);
      await worker.call<"set-bitrate">({
        kind: "set-bitrate",
        encoder,
        bitrate: Math.round(bitrate),
      });
    },
    async flush() {
      mustBeOpen();
      return (await worker.call<"flush-video">({ kind: "flush-video", encoder })).map(toChunk);
    },
    get decoderConfig(): VideoDecoderConfig {
      return { family, codec, codedWidth: width, codedHeight: height };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function checkConfig(
  { family, width, height, bitrate }: VideoEncoderConfig,
  framerate: number,
): void {
  if (family !== "h264" && family !== "vp8") {
    throw new MillraceError(
      "UNSUPPORTED",
      `node-av: it encodes h264 and vp8, not ${String(family)}.`,
    );
  }
  const isEven = (size: number): boolean =>
    Number.isSafeInteger(size) && size > 0 && size % 2 === 0;
  if (!isEven(width) || !isEven(height)) {
    throw new MillraceError(
      "INVALID_OPTION",
      `node-av: a video of ${width} × ${height}; give even sizes.`,
    );
  }
  if (!(bitrate > 0 && framerate > 0)) {
    throw new MillraceError(
      "INVALID_OPTION",
      `node-av: ${bitrate} bit/s at ${framerate} frames a second; both must be above 0.`,
    );
  }
}
