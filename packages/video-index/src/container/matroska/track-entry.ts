import { MillraceError } from "@millrace/core/web";
import type { Rotation, VideoCodec, VideoColorSpace, VideoDecoderConfig } from "@millrace/media";
import { colorSpaceFromCodes } from "../../bitstream/color-codes.ts";
import { codecString } from "../codec-string.ts";
import { fourCharacters } from "../mp4/boxes.ts";
import { videoCodecOf } from "../video-codec-of.ts";
import type { PacketFraming } from "../video-track.ts";
import { childOf, elementsIn, floatOf, unsignedOf } from "./ebml.ts";

/** What a Matroska file says of a video track. */
export interface MatroskaTrack {
  readonly number: number;
  readonly config: VideoDecoderConfig;
  readonly displayWidth: number;
  readonly displayHeight: number;
  readonly rotation: Rotation;
  readonly colorSpace: VideoColorSpace;
  readonly framing: PacketFraming;
  /** Nanoseconds a frame; 0 where nothing says. */
  readonly frameNanoseconds: number;
}

const ID = {
  number: 0xd7,
  type: 0x83,
  codec: 0x86,
  codecPrivate: 0x63a2,
  defaultDuration: 0x23e383,
  video: 0xe0,
  width: 0xb0,
  height: 0xba,
  displayWidth: 0x54b0,
  displayHeight: 0x54ba,
  displayUnit: 0x54b2,
  colour: 0x55b0,
  matrix: 0x55b1,
  range: 0x55b9,
  transfer: 0x55ba,
  primaries: 0x55bb,
  projection: 0x7670,
  roll: 0x7675,
  encodings: 0x6d80,
  encoding: 0x6240,
  compression: 0x5034,
  algorithm: 0x4254,
  settings: 0x4255,
  encryption: 0x5035,
};

const VIDEO = 1;
const HEADER_STRIPPING = 3;
const CODECS: Readonly<Record<string, VideoCodec>> = {
  "V_MPEG4/ISO/AVC": "h264",
  "V_MPEGH/ISO/HEVC": "hevc",
  V_VP8: "vp8",
  V_VP9: "vp9",
  V_AV1: "av1",
  "V_MPEG4/ISO/SP": "mpeg4",
  "V_MPEG4/ISO/ASP": "mpeg4",
  "V_MPEG4/ISO/AP": "mpeg4",
  V_MPEG2: "mpeg2video",
  V_MJPEG: "mjpeg",
  V_PRORES: "prores",
};

/**
 * Reads a track entry (RFC 9559, 5.1.4.1); undefined for tracks that are no video.
 *
 * @throws MillraceError UNSUPPORTED for a codec, compression or encryption that cannot be read
 */
export function readTrackEntry(entry: DataView, name: string): MatroskaTrack | undefined {
  const number = unsignedOf(childOf(entry, ID.number));
  const video = childOf(entry, ID.video);
  if (number === undefined || video === undefined) return undefined;
  if (unsignedOf(childOf(entry, ID.type)) !== VIDEO) return undefined;
  const coding = readCoding(entry, name);
  const codedWidth = unsignedOf(childOf(video, ID.width)) ?? 0;
  const codedHeight = unsignedOf(childOf(video, ID.height)) ?? 0;
  const inPixels = (unsignedOf(childOf(video, ID.displayUnit)) ?? 0) === 0;
  const displayWidth = inPixels ? unsignedOf(childOf(video, ID.displayWidth)) : undefined;
  const displayHeight = inPixels ? unsignedOf(childOf(video, ID.displayHeight)) : undefined;
  return {
    number,
    config: { ...coding, codedWidth, codedHeight },
    displayWidth: displayWidth || codedWidth,
    displayHeight: displayHeight || codedHeight,
    rotation: readRotation(video),
    colorSpace: readColour(childOf(video, ID.colour)),
    framing: readFraming(entry, name),
    frameNanoseconds: unsignedOf(childOf(entry, ID.defaultDuration)) ?? 0,
  };
}

function readCoding(
  entry: DataView,
  name: string,
): Pick<VideoDecoderConfig, "codec" | "family" | "description"> {
  const codecId = text(childOf(entry, ID.codec));
  const codecPrivate = childOf(entry, ID.codecPrivate);
  const isVfw = codecId === "V_MS/VFW/FOURCC" && (codecPrivate?.byteLength ?? 0) >= 40;
  const family =
    isVfw && codecPrivate ? videoCodecOf(fourCharacters(codecPrivate, 16)) : CODECS[codecId];
  if (family === undefined) {
    throw new MillraceError(
      "UNSUPPORTED",
      `${name}: the video track is coded as "${codecId}", which cannot be decoded. Convert it to H.264, HEVC, VP9 or AV1.`,
    );
  }
  const bytes =
    codecPrivate &&
    new Uint8Array(codecPrivate.buffer, codecPrivate.byteOffset, codecPrivate.byteLength).slice(
      isVfw ? 40 : 0,
    );
  const useful = bytes !== undefined && bytes.length > 0 && !["vp8", "vp9"].includes(family);
  return {
    codec: codecString(family, useful ? bytes : undefined),
    family,
    ...(useful && { description: bytes }),
  };
}

function readFraming(entry: DataView, name: string): PacketFraming {
  const encodings = childOf(entry, ID.encodings);
  if (encodings === undefined) return { kind: "plain" };
  const list = [...elementsIn(encodings)].filter(({ id }) => id === ID.encoding);
  const [only] = list;
  const compression = childOf(only?.body, ID.compression);
  const algorithm = unsignedOf(childOf(compression, ID.algorithm)) ?? 0;
  if (list.length === 1 && compression !== undefined && algorithm === HEADER_STRIPPING) {
    const settings = childOf(compression, ID.settings);
    const prefix =
      settings === undefined
        ? new Uint8Array(0)
        : new Uint8Array(settings.buffer, settings.byteOffset, settings.byteLength).slice();
    return { kind: "stripped", prefix };
  }
  const what = childOf(only?.body, ID.encryption) === undefined ? "compressed" : "encrypted";
  throw new MillraceError(
    "UNSUPPORTED",
    `${name}: the packets of its video track are ${what}, which cannot be read. Remux it: mkvmerge --compression 0:none, or ffmpeg -c copy.`,
  );
}

function readColour(colour: DataView | undefined): VideoColorSpace {
  if (colour === undefined) return {};
  const range = unsignedOf(childOf(colour, ID.range));
  return colorSpaceFromCodes({
    primaries: unsignedOf(childOf(colour, ID.primaries)),
    transfer: unsignedOf(childOf(colour, ID.transfer)),
    matrix: unsignedOf(childOf(colour, ID.matrix)),
    fullRange: range === 2 ? true : range === 1 ? false : undefined,
  });
}

/** The roll of the projection, which is counter-clockwise (RFC 9559, 5.1.4.1.28.48). */
function readRotation(video: DataView): Rotation {
  const roll = floatOf(childOf(childOf(video, ID.projection), ID.roll)) ?? 0;
  const clockwise = (((Math.round(-roll / 90) * 90) % 360) + 360) % 360;
  return clockwise as Rotation;
}

function text(body: DataView | undefined): string {
  if (body === undefined) return "";
  let value = "";
  for (let at = 0; at < Math.min(body.byteLength, 64); at++) {
    const code = body.getUint8(at);
    if (code === 0) break;
    value += code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : ".";
  }
  return value;
}
