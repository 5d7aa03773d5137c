import { matrixCode, rangeCode } from "../../video/ffmpeg-format.ts";
import type { SettledColorSpace } from "../../video/scaled-color-space.ts";
import type { NodeAvCodecContext, NodeAvLibrary } from "../node-av-library.ts";
import type { EncodeVideoRequest, OpenVideoEncoderRequest, WirePacket } from "../protocol.ts";
import type { ScaleSession } from "./scale-session.ts";
import { WorkerFailure } from "./worker-failure.ts";

/** One video encoder in its worker. */
export interface VideoEncoderSession {
  /** Encodes a picture; gives what comes out. */
  encode(request: EncodeVideoRequest): WirePacket[];
  setBitrate(bitrate: number): void;
  /** Gives out what is held back. */
  flush(): WirePacket[];
  close(): void;
}

/** `AV_OPT_TYPE_STRING` and `AV_OPT_SEARCH_CHILDREN`: options of the encoder itself. */
const TEXT = 6;
const OF_ENCODER = 1;
const KEY_FRAME = 1;
const BUFFER_SECONDS = 1;
/** `AV_CODEC_FLAG_…` are left alone: without a global header, H.264 has its parameter sets in band. */
const ENCODERS = { h264: "libx264", vp8: "libvpx" } as const;

/** Makes an encoder; FFmpeg's is opened by the first picture, and anew after `flush`. */
export function videoEncoderSession(
  library: NodeAvLibrary,
  scaling: ScaleSession,
  request: OpenVideoEncoderRequest,
): VideoEncoderSession {
  const { family, width, height } = request;
  const packet = new library.Packet();
  packet.alloc();
  let { bitrate } = request;
  let context: NodeAvCodecContext | undefined = openContext(library, request, bitrate);
  /** What came out of an encoder that was ended for another. */
  let left: WirePacket[] = [];

  function drain(from: NodeAvCodecContext): WirePacket[] {
    const packets: WirePacket[] = [];
    while (from.receivePacketSync(packet) >= 0) {
      packets.push({
        data: Uint8Array.from(packet.data ?? []),
        key: packet.isKeyframe,
        pts: Number(packet.pts),
        dts: Number(packet.dts),
        duration: Number(packet.duration),
      });
      packet.unref();
    }
    return packets;
  }

  function end(): WirePacket[] {
    if (!context) return [];
    context.sendFrameSync(null);
    const packets = drain(context);
    context.freeContext();
    context = undefined;
    return packets;
  }

  return {
    encode({ source, keyFrame, pts }) {
      context ??= openContext(library, request, bitrate);
      const { frame, free } = scaling.native({
        kind: "scale",
        source,
        region: { x: 0, y: 0, width: source.width, height: source.height },
        format: "I420",
        width,
        height,
        colorSpace: encodedColorSpace(height),
      });
      frame.pts = BigInt(pts);
      frame.pictType = keyFrame ? KEY_FRAME : 0;
      const result = context.sendFrameSync(frame);
      frame.pictType = 0;
      free();
      if (result < 0) {
        throw new WorkerFailure(
          "INTERNAL",
          `node-av: ${family} did not take a frame (error ${result}).`,
        );
      }
      const packets = [...left, ...drain(context)];
      left = [];
      return packets;
    },
    setBitrate(next) {
      bitrate = next;
      // FFmpeg's libvpx reads its rate at the start only.
      if (family === "vp8") left.push(...end());
      else if (context) setRate(context, next);
    },
    flush() {
      const packets = [...left, ...end()];
      left = [];
      return packets;
    },
    close() {
      context?.freeContext();
      context = undefined;
      packet.free();
    },
  };
}

/** What players take a stream of this height for if it does not say, and it says so. */
function encodedColorSpace(height: number): SettledColorSpace {
  return { matrix: height >= 720 ? "bt709" : "smpte170m", fullRange: false };
}

/** Without a bound on its buffer, x264 makes good over many seconds what it spent before. */
function setRate(context: NodeAvCodecContext, bitrate: number): void {
  context.bitRate = BigInt(bitrate);
  context.rcMaxRate = BigInt(bitrate);
  context.rcBufferSize = Math.ceil(bitrate * BUFFER_SECONDS);
}

function openContext(
  library: NodeAvLibrary,
  request: OpenVideoEncoderRequest,
  bitrate: number,
): NodeAvCodecContext {
  const { family, width, height, realtime, timeBase, framerate } = request;
  const codec = library.Codec.findEncoderByName(ENCODERS[family] as never);
  if (!codec) {
    throw new WorkerFailure(
      "UNSUPPORTED",
      `node-av: this build of FFmpeg has no ${ENCODERS[family]}.`,
    );
  }
  const context = new library.CodecContext();
  context.allocContext3(codec);
  context.width = width;
  context.height = height;
  context.pixelFormat = library.avGetPixFmtFromName("yuv420p");
  context.timeBase = new library.Rational(timeBase.num, timeBase.den);
  context.framerate = new library.Rational(Math.round(framerate * 1000), 1000);
  setRate(context, bitrate);
  context.gopSize = request.keyFrameInterval;
  context.maxBFrames = realtime ? 0 : 2;
  context.threadCount = request.threads;
  const { matrix, fullRange } = encodedColorSpace(height);
  context.colorSpace = matrixCode(matrix);
  context.colorPrimaries = matrixCode(matrix);
  context.colorTrc = matrixCode(matrix);
  context.colorRange = rangeCode(fullRange);
  for (const [name, value] of encoderOptions(request))
    context.setOption(name, value, TEXT, OF_ENCODER);
  const result = context.open2Sync(codec);
  if (result < 0) {
    context.freeContext();
    throw new WorkerFailure(
      "INVALID_OPTION",
      `node-av: ${ENCODERS[family]} will not open for ${width} × ${height} at ${bitrate} bit/s (error ${result}).`,
    );
  }
  return context;
}

/** Baseline is what every WebRTC peer takes. */
function encoderOptions({ family, realtime }: OpenVideoEncoderRequest): [string, string][] {
  if (family === "vp8") {
    return realtime
      ? [
          ["deadline", "realtime"],
          ["cpu-used", "8"],
          ["lag-in-frames", "0"],
          ["error-resilient", "1"],
        ]
      : [
          ["deadline", "good"],
          ["cpu-used", "4"],
        ];
  }
  // At 1.8 Mbit/s "superfast" loses 0.1 to 0.4 dB against "veryfast" (PSNR of moving patterns, 720p30) and takes two
  // thirds of its time; "ultrafast" would lose 1 to 2 dB.
  const always: [string, string][] = [
    ["preset", realtime ? "superfast" : "veryfast"],
    ["forced-idr", "1"],
  ];
  return realtime ? [...always, ["tune", "zerolatency"], ["profile", "baseline"]] : always;
}
