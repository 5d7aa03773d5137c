import { createHash } from "node:crypto";
import { MillraceError } from "@millrace/core";
import { type Rational, ticksToMicroseconds } from "../rational.ts";
import type { VideoCodec, VideoDecoderConfig } from "../video/codec.ts";
import type { EncodedVideoChunk } from "../video/encoded-video-chunk.ts";
import { runProgram } from "./run-program.ts";

/** A clip's packets, as a decoder takes them. */
export interface Clip {
  readonly config: VideoDecoderConfig;
  readonly timeBase: Rational;
  /** In the order of decoding; `pts` are places in presentation order. */
  readonly chunks: readonly EncodedVideoChunk[];
}

interface Probed {
  readonly streams: readonly {
    readonly codec_name: string;
    readonly codec_tag_string: string;
    readonly width: number;
    readonly height: number;
    readonly time_base: string;
    readonly has_b_frames?: number;
    readonly extradata?: string;
  }[];
  readonly packets: readonly {
    readonly pts: number;
    readonly dts: number;
    readonly flags: string;
    readonly data: string;
  }[];
}

/**
 * Reads a clip's first video stream with ffprobe, which is slow and independent of what is tested.
 *
 * @param path - of a file in any container that FFmpeg knows
 */
export async function readClip(path: string): Promise<Clip> {
  const text = await runProgram("ffprobe", [
    ...["-v", "error", "-select_streams", "v:0", "-show_streams", "-show_packets", "-show_data"],
    ...["-of", "json", path],
  ]);
  const { streams, packets } = JSON.parse(text.toString()) as Probed;
  const [stream] = streams;
  if (!stream) throw new MillraceError("NOT_FOUND", `${path} has no video stream.`);
  const [num = 1, den = 1] = stream.time_base.split("/").map(Number);
  const timeBase = { num, den };
  const shown = packets.map(({ pts }) => pts).sort((a, b) => a - b);
  const place = new Map(shown.map((pts, index) => [pts, index]));
  return {
    config: {
      family: stream.codec_name as VideoCodec,
      codec: stream.codec_tag_string.trim(),
      ...(stream.extradata && { description: fromDump(stream.extradata) }),
      codedWidth: stream.width,
      codedHeight: stream.height,
      ...(stream.has_b_frames !== undefined && { reorderDepth: stream.has_b_frames }),
    },
    timeBase,
    chunks: packets.map((packet, index) => ({
      type: packet.flags.startsWith("K") ? "key" : "delta",
      timestamp: ticksToMicroseconds(packet.pts, timeBase),
      duration: null,
      pts: place.get(packet.pts) ?? Number.NaN,
      dts: index - shown.length,
      data: fromDump(packet.data),
    })),
  };
}

/** The bytes of ffprobe's hexadecimal dump: an address, pairs of bytes, and what they are as text. */
function fromDump(dump: string): Uint8Array {
  const hex = dump
    .split("\n")
    .map((line) => line.slice(10).split("  ", 1)[0]?.replaceAll(" ", "") ?? "")
    .join("");
  return Buffer.from(hex, "hex");
}

/**
 * Checksums of a clip's frames in presentation order, decoded by the command ffmpeg from the file itself.
 *
 * @param ffmpegName - the format in FFmpeg's words: the clip's own, or another to convert to
 */
export async function clipChecksums(
  path: string,
  ffmpegName: string,
  sizeBytes: number,
): Promise<readonly string[]> {
  const raw = await runProgram("ffmpeg", [
    ...["-nostdin", "-v", "error", "-i", path, "-fps_mode", "passthrough", "-f", "rawvideo"],
    ...["-pix_fmt", ffmpegName, "pipe:1"],
  ]);
  return Array.from({ length: raw.length / sizeBytes }, (_, index) =>
    checksum(raw.subarray(index * sizeBytes, (index + 1) * sizeBytes)),
  );
}

/** A checksum of pixels. */
export function checksum(data: Uint8Array): string {
  return createHash("md5").update(data).digest("hex");
}
