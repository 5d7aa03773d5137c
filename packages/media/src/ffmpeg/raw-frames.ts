import type { Readable } from "node:stream";
import { nearestFormat } from "../video/ffmpeg-format.ts";
import {
  frameBytes,
  planeLayouts,
  sampleBits,
  type VideoPixelFormat,
} from "../video/pixel-format.ts";
import type { FrameRecord } from "./frame-record.ts";

/** A frame as ffmpeg wrote it. */
export interface RawFrame {
  readonly record: FrameRecord;
  readonly format: VideoPixelFormat;
  readonly fullRange: boolean;
  readonly data: Uint8Array;
}

/** Puts the bytes of stdout together with what stderr says of them. */
export interface RawFrameReader {
  /** Says what the next frame is. */
  expect(record: FrameRecord): void;
  /** Whether all that was read and expected has come together. */
  isBetweenFrames(): boolean;
  /** Goes on when there is room again. */
  resume(): void;
}

/** What ffmpeg may write: the formats that frames have, and grey, which gets its chroma here. */
const RAW_FORMATS: string = [
  "yuv420p|yuvj420p|yuv422p|yuvj422p|yuv444p|yuvj444p",
  "yuv420p10le|yuv422p10le|yuv444p10le|yuv420p12le|yuv422p12le|yuv444p12le",
  "nv12|rgb24|rgba|bgra|gray|gray10le|gray12le",
].join("|");

/** Filters behind all others: the last one says of each frame what it is, in two lines of text. */
export const RAW_FILTERS: readonly string[] = [
  `format=pix_fmts=${RAW_FORMATS}`,
  "showinfo=checksum=0",
];

/**
 * Reads raw frames.
 *
 * @param isAsked - says whether a frame is kept; others are dropped as they come
 * @param onFrame - gets those that are kept
 * @param isFull - whether bytes are to wait in the pipe
 */
export function rawFrameReader(
  stdout: Readable,
  isAsked: (record: FrameRecord) => boolean,
  onFrame: (frame: RawFrame) => void,
  isFull: () => boolean = () => false,
): RawFrameReader {
  const records: FrameRecord[] = [];
  const pieces: Buffer[] = [];
  let current: { sizeBytes: number; filled: number; frame: RawFrame | undefined } | undefined;

  function begin(record: FrameRecord): NonNullable<typeof current> {
    const { width, height } = record;
    const { format, fullRange } = nearestFormat(record.format);
    const wholeBytes = frameBytes(format, width, height);
    const isGrey = record.format.startsWith("gray");
    const sizeBytes = isGrey ? lumaBytes(format, width, height) : wholeBytes;
    if (!isAsked(record)) return { sizeBytes, filled: 0, frame: undefined };
    const data = new Uint8Array(wholeBytes);
    if (isGrey) noChroma(data, sizeBytes, format);
    return { sizeBytes, filled: 0, frame: { record, format, fullRange, data } };
  }

  function pump(): void {
    while (!isFull()) {
      const [record] = records;
      current ??= record && begin(record);
      if (!current) break;
      const [piece] = pieces;
      if (current.filled < current.sizeBytes) {
        if (!piece) break;
        const part = piece.subarray(0, current.sizeBytes - current.filled);
        current.frame?.data.set(part, current.filled);
        current.filled += part.length;
        if (part.length === piece.length) pieces.shift();
        else pieces[0] = piece.subarray(part.length);
      }
      if (current.filled < current.sizeBytes) continue;
      records.shift();
      if (current.frame) onFrame(current.frame);
      current = undefined;
    }
    // Bytes whose record is not there yet wait in the pipe.
    if (pieces.length > 0 || isFull()) stdout.pause();
    else stdout.resume();
  }

  stdout.on("data", (piece: Buffer) => {
    pieces.push(piece);
    pump();
  });
  return {
    expect(record) {
      records.push(record);
      pump();
    },
    isBetweenFrames: () => !current && pieces.length === 0 && records.length === 0,
    resume: pump,
  };
}

function lumaBytes(format: VideoPixelFormat, width: number, height: number): number {
  const [luma] = planeLayouts(format, width, height);
  return luma ? luma.rowBytes * luma.rows : 0;
}

function noChroma(data: Uint8Array, from: number, format: VideoPixelFormat): void {
  const none = 2 ** (sampleBits(format) - 1);
  if (sampleBits(format) === 8) data.fill(none, from);
  else new Uint16Array(data.buffer, from).fill(none);
}
