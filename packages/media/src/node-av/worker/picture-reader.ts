import {
  colorSpaceOf,
  ffmpegFormat,
  type NearestFormat,
  nearestFormat,
} from "../../video/ffmpeg-format.ts";
import {
  frameBytes,
  planeLayouts,
  sampleBits,
  type VideoPixelFormat,
} from "../../video/pixel-format.ts";
import type { NodeAvFrame, NodeAvLibrary, NodeAvScaleContext } from "../node-av-library.ts";
import type { WirePicture } from "../protocol.ts";
import type { FrameMemory } from "./frame-memory.ts";
import { WorkerFailure } from "./worker-failure.ts";

/** Copies decoded frames out of FFmpeg's memory. */
export interface PictureReader {
  /** The frame in memory of its own, in the nearest format of ours. */
  read(frame: NodeAvFrame, pts: number): WirePicture;
  close(): void;
}

/** `AV_FRAME_FLAG_CORRUPT`. */
const CORRUPT = 1;
const FULL_RANGE = 2;

/** Makes a reader, with the conversion that its frames may need. */
export function pictureReader(library: NodeAvLibrary, memory: FrameMemory): PictureReader {
  let converter: Converter | undefined;
  const names = new Map<number, NearestFormat>();
  const nearest = (format: number): NearestFormat => {
    const known = names.get(format) ?? nearestFormat(library.avGetPixFmtName(format) ?? "");
    names.set(format, known);
    return known;
  };
  return {
    read(frame, pts) {
      const { format, same, fullRange } = nearest(frame.format);
      const { width, height, duration } = frame;
      converter ??= same ? undefined : openConverter(library);
      const source = same || !converter ? frame : convert(library, converter, frame, format);
      const sizeBytes = frameBytes(format, width, height);
      const into = memory.take(sizeBytes);
      const planes = source.data ?? [];
      const copied = library.avImageCopyToBuffer(
        Buffer.from(into),
        sizeBytes,
        planes,
        source.linesize,
        source.format,
        width,
        height,
        1,
      );
      for (const plane of planes) letGo(plane);
      if (source !== frame) source.unref();
      if (isGrey(library, frame)) fillChroma(into, format, width, height);
      if (copied < 0)
        throw new WorkerFailure("INTERNAL", `node-av: a frame was not copied (${copied}).`);
      const { num, den } = frame.sampleAspectRatio;
      return {
        format,
        width,
        height,
        displayWidth: num > 0 && den > 0 ? Math.max(1, Math.round((width * num) / den)) : width,
        colorSpace: colorSpaceOf(frame, fullRange),
        pts,
        duration: duration > 0n ? Number(duration) : null,
        memory: into,
        sizeBytes,
        concealed: isConcealed(frame),
      };
    },
    close() {
      converter?.scaler.freeContext();
      converter?.frame.free();
    },
  };
}

/**
 * Takes a view off FFmpeg's memory. V8 reckons that memory to be the view's, and collects garbage once in some thirty
 * frames for it: a twentieth of what decoding takes.
 */
function letGo({ buffer, length }: Buffer): void {
  // Never what it may share with others.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
}

/** Whether the decoder filled in what it could not read. */
export function isConcealed(frame: NodeAvFrame): boolean {
  return (frame.flags & CORRUPT) !== 0 || frame.decodeErrorFlags !== 0;
}

function isGrey(library: NodeAvLibrary, { format }: NodeAvFrame): boolean {
  return library.avGetPixFmtName(format)?.startsWith("gray") ?? false;
}

/** Writes no colour: swscale leaves 0 in the chroma of grey frames of more than 8 bits. */
function fillChroma(
  into: SharedArrayBuffer,
  format: VideoPixelFormat,
  width: number,
  height: number,
): void {
  const [, chroma] = planeLayouts(format, width, height);
  const none = 2 ** (sampleBits(format) - 1);
  if (sampleBits(format) === 8) new Uint8Array(into, chroma?.offset).fill(none);
  else new Uint16Array(into, chroma?.offset).fill(none);
}

interface Converter {
  readonly scaler: NodeAvScaleContext;
  readonly frame: NodeAvFrame;
}

function openConverter(library: NodeAvLibrary): Converter {
  const scaler = new library.SoftwareScaleContext();
  const frame = new library.Frame();
  scaler.allocContext();
  frame.alloc();
  return { scaler, frame };
}

/** Another format with the same meaning of its numbers: FFmpeg would take grey for full range, whatever it says. */
function convert(
  library: NodeAvLibrary,
  { scaler, frame }: Converter,
  source: NodeAvFrame,
  format: VideoPixelFormat,
): NodeAvFrame {
  frame.format = library.avGetPixFmtFromName(ffmpegFormat(format));
  frame.width = source.width;
  frame.height = source.height;
  const rgb = format === "RGB" || format === "RGBA";
  frame.colorRange = rgb || isGrey(library, source) ? FULL_RANGE : source.colorRange;
  frame.colorSpace = source.colorSpace;
  frame.colorPrimaries = source.colorPrimaries;
  frame.colorTrc = source.colorTrc;
  frame.getBuffer();
  const result = scaler.scaleFrameSync(frame, source);
  if (result < 0) {
    throw new WorkerFailure(
      "UNSUPPORTED",
      `node-av: frames in ${format} cannot be converted (${result}).`,
    );
  }
  return frame;
}
