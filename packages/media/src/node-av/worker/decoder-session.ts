import { constants } from "node:os";
import type { NodeAvCodec, NodeAvCodecContext, NodeAvLibrary } from "../node-av-library.ts";
import type { DecodeRequest, OpenRequest, WirePacket, WirePicture } from "../protocol.ts";
import type { FrameMemory } from "./frame-memory.ts";
import { isConcealed, pictureReader } from "./picture-reader.ts";
import { WorkerFailure } from "./worker-failure.ts";

/** One decoder in its worker. */
export interface DecoderSession {
  /** Feeds packets and takes out what comes. */
  decode(request: DecodeRequest): Decoded;
  /** Forgets what was fed. */
  reset(): void;
  close(): void;
}

const AGAIN = -constants.errno.EAGAIN;
/** `-MKTAG('E','O','F',' ')`, on every platform. */
const END_OF_STREAM = -0x20464f45;
/** `AV_CODEC_FLAG_OUTPUT_CORRUPT`: a damaged frame comes out, and is told from others by its flags. */
const OUTPUT_CORRUPT = 8;
/** `AV_NOPTS_VALUE`. */
const NO_PTS = -(2n ** 63n);
/** A decoder that fails so often in a row without taking a packet is taken for stuck. */
const FAILURES_IN_A_ROW = 256;

/**
 * Opens a decoder.
 *
 * @throws WorkerFailure UNSUPPORTED when FFmpeg has none for the codec or will not open it
 */
export function decoderSession(
  library: NodeAvLibrary,
  memory: FrameMemory,
  request: OpenRequest,
): DecoderSession {
  const context = openContext(library, request);
  const packet = new library.Packet();
  const frame = new library.Frame();
  const reader = pictureReader(library, memory);
  packet.alloc();
  frame.alloc();

  /** What was asked for and has not come out yet. */
  const asked = new Set<number>();

  function forget(): void {
    asked.clear();
    context.flushBuffers();
  }

  /** Takes out what is there; false at the end of the stream. */
  function receive(keepsAll: boolean, into: Decoded): boolean {
    for (let failures = 0; failures < FAILURES_IN_A_ROW; ) {
      const result = context.receiveFrameSync(frame);
      if (result === AGAIN) return true;
      if (result === END_OF_STREAM) return false;
      if (result < 0) {
        failures += 1;
        continue;
      }
      failures = 0;
      const ticks = frame.pts === NO_PTS ? frame.bestEffortTimestamp : frame.pts;
      const pts = Number(ticks);
      into.decoded.push(pts);
      if (isConcealed(frame)) into.concealed.push(pts);
      const isAsked = asked.delete(pts);
      if (keepsAll || isAsked) into.pictures.push(reader.read(frame, pts));
      frame.unref();
    }
    return false;
  }

  function feed(one: WirePacket, keepsAll: boolean, into: Decoded): void {
    // FFmpeg takes an empty packet for the end of the stream.
    if (one.data.length === 0) return;
    packet.data = Buffer.from(one.data.buffer, one.data.byteOffset, one.data.length);
    packet.pts = ticks(one.pts);
    packet.dts = ticks(one.dts);
    packet.duration = BigInt(one.duration);
    packet.isKeyframe = one.key;
    // Other failures are the packet's own: its frame does not come, and the stream goes on.
    if (context.sendPacketSync(packet) === AGAIN) {
      receive(keepsAll, into);
      context.sendPacketSync(packet);
    }
    packet.unref();
    receive(keepsAll, into);
  }

  return {
    decode({ packets, keep, end, cancel }) {
      const keepsAll = keep === undefined;
      for (const pts of keep ?? []) asked.add(pts);
      const into: Decoded = { pictures: [], decoded: [], concealed: [] };
      for (const one of packets) {
        if (cancel && Atomics.load(cancel, 0) !== 0) {
          for (const picture of into.pictures) memory.give(picture.memory);
          forget();
          return { pictures: [], decoded: [], concealed: [] };
        }
        feed(one, keepsAll, into);
      }
      if (end) {
        context.sendPacketSync(null);
        receive(keepsAll, into);
        forget();
      }
      into.pictures.sort((a, b) => a.pts - b.pts);
      return into;
    },
    reset: forget,
    close() {
      reader.close();
      packet.free();
      frame.free();
      context.freeContext();
    },
  };
}

/** What is no whole number is a time that nobody knows. */
function ticks(value: number): bigint {
  return Number.isSafeInteger(value) ? BigInt(value) : NO_PTS;
}

interface Decoded {
  readonly pictures: WirePicture[];
  readonly decoded: number[];
  readonly concealed: number[];
}

function openContext(library: NodeAvLibrary, request: OpenRequest): NodeAvCodecContext {
  const codec = findCodec(library, request.family);
  const parameters = new library.CodecParameters();
  const context = new library.CodecContext();
  parameters.alloc();
  try {
    parameters.codecType = codec.type;
    parameters.codecId = codec.id;
    // ProRes and MPEG-4 tell by it which flavour they are.
    if (/^[\x20-\x7e]{4}$/.test(request.codec)) parameters.codecTag = request.codec;
    parameters.width = request.codedWidth;
    parameters.height = request.codedHeight;
    if (request.description) parameters.extradata = Buffer.from(request.description);
    if (request.reorderDepth !== undefined) parameters.videoDelay = request.reorderDepth;
    context.allocContext3(codec);
    context.parametersToContext(parameters);
    context.threadCount = request.threads;
    context.pktTimebase = new library.Rational(request.timeBase.num, request.timeBase.den);
    context.flags |= OUTPUT_CORRUPT;
    const result = context.open2Sync(codec);
    if (result < 0) {
      context.freeContext();
      throw new WorkerFailure(
        "UNSUPPORTED",
        `node-av: FFmpeg's ${request.family} decoder will not open for ${request.codec} (error ${result}); ` +
          "its description may be damaged.",
      );
    }
    return context;
  } finally {
    parameters.free();
  }
}

function findCodec(library: NodeAvLibrary, family: string): NodeAvCodec {
  // FFmpeg's own "av1" decodes only by hardware.
  const names = family === "av1" ? ["libdav1d", "av1"] : [family];
  for (const name of names) {
    const codec = library.Codec.findDecoderByName(name as never);
    if (codec) return codec;
  }
  throw new WorkerFailure("UNSUPPORTED", `node-av: this build of FFmpeg has no ${family} decoder.`);
}
