import { abortable, MillraceError } from "@millrace/core";
import type { VideoDecoderConfig } from "../video/codec.ts";
import type { EncodedVideoChunk } from "../video/encoded-video-chunk.ts";
import type {
  DecodedFrame,
  DecodeOptions,
  OpenDecoderOptions,
  VideoDecoder,
} from "../video/video-decoder.ts";
import { videoFrame } from "../video/video-frame.ts";
import type { Answers, WirePacket, WirePicture } from "./protocol.ts";
import type { PoolWorker } from "./worker-pool.ts";

/** Opens a decoder that lives in a worker. */
export async function workerDecoder(
  worker: PoolWorker,
  config: VideoDecoderConfig,
  { timeBase, threads = 1, signal }: OpenDecoderOptions,
): Promise<VideoDecoder> {
  signal?.throwIfAborted();
  worker.tenants += 1;
  const opening = worker.call<"open">({
    kind: "open",
    family: config.family,
    codec: config.codec,
    description: config.description,
    codedWidth: config.codedWidth,
    codedHeight: config.codedHeight,
    reorderDepth: config.reorderDepth,
    timeBase,
    threads,
  });
  let decoder: number;
  try {
    decoder = await (signal ? abortable(opening, signal) : opening);
  } catch (error) {
    // What opens after all is closed again.
    opening.then((late) => worker.call<"close">({ kind: "close", number: late })).catch(() => {});
    worker.tenants -= 1;
    throw error;
  }
  const ticksPerMicrosecond = timeBase.den / timeBase.num / 1e6;
  let closing: Promise<void> | undefined;

  function mustBeOpen(): void {
    if (closing) throw new MillraceError("CLOSED", "node-av: the decoder is closed; open another.");
  }

  /** A decoded picture as a frame, whose memory goes back to the worker. */
  function toFrame(picture: WirePicture): DecodedFrame {
    const { format, width, height, displayWidth, colorSpace, pts, duration, memory } = picture;
    const frame = videoFrame({
      format,
      codedWidth: width,
      codedHeight: height,
      displayWidth,
      displayHeight: height,
      colorSpace,
      pts,
      timeBase,
      duration,
      data: new Uint8Array(memory, 0, picture.sizeBytes),
      release: () => worker.recycle(memory),
    });
    return { frame, status: picture.concealed ? "concealed" : "ok" };
  }

  function recycle({ pictures }: Answers["decode"]): void {
    for (const { memory } of pictures) worker.recycle(memory);
  }

  async function decode(chunks: readonly EncodedVideoChunk[], options: DecodeOptions = {}) {
    mustBeOpen();
    const { keep, end = false, signal: stop } = options;
    stop?.throwIfAborted();
    const { packets, memory } = pack(chunks, ticksPerMicrosecond);
    const cancel = stop && new Int32Array(new SharedArrayBuffer(4));
    const answer = worker.call<"decode">(
      { kind: "decode", decoder, packets, keep, end, cancel },
      memory ? [memory] : [],
    );
    if (!stop || !cancel) return toResult(await answer);
    const onAbort = (): number => Atomics.store(cancel, 0, 1);
    stop.addEventListener("abort", onAbort, { once: true });
    try {
      return toResult(await abortable(answer, stop));
    } catch (error) {
      answer.then(recycle).catch(() => {});
      throw error;
    } finally {
      stop.removeEventListener("abort", onAbort);
    }
  }

  function toResult({ pictures, ...rest }: Answers["decode"]) {
    return { frames: pictures.map(toFrame), ...rest };
  }

  async function close(): Promise<void> {
    closing ??= worker
      .call<"close">({ kind: "close", number: decoder })
      // A worker that is gone has taken its decoders along.
      .catch(() => null)
      .then(() => {
        worker.tenants -= 1;
      });
    await closing;
  }

  return {
    decode,
    async reset() {
      mustBeOpen();
      await worker.call<"reset">({ kind: "reset", decoder });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Copies packets into one piece that can be handed over; what lies in shared memory stays where it is. */
function pack(
  chunks: readonly EncodedVideoChunk[],
  ticksPerMicrosecond: number,
): { packets: WirePacket[]; memory: ArrayBuffer | undefined } {
  const isShared = ({ data }: EncodedVideoChunk): boolean =>
    data.buffer instanceof SharedArrayBuffer;
  const sizeBytes = chunks.reduce((sum, one) => sum + (isShared(one) ? 0 : one.data.length), 0);
  const memory = sizeBytes > 0 ? new ArrayBuffer(sizeBytes) : undefined;
  let at = 0;
  const packets = chunks.map((chunk) => {
    let data = chunk.data;
    if (memory && !isShared(chunk)) {
      data = new Uint8Array(memory, at, data.length);
      data.set(chunk.data);
      at += data.length;
    }
    return {
      data,
      key: chunk.type === "key",
      pts: chunk.pts,
      dts: chunk.dts,
      duration: Math.round((chunk.duration ?? 0) * ticksPerMicrosecond),
    };
  });
  return { packets, memory };
}
