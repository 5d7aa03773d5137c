import { MillraceError } from "@millrace/core/web";
import type { VideoCodec, VideoColorSpace, VideoDecoderConfig } from "@millrace/media";
import { colorSpaceFromCodes } from "../../bitstream/color-codes.ts";
import { codecString } from "../codec-string.ts";
import { type Box, boxesIn, bytesOf, findBox, fourCharacters, slice } from "./boxes.ts";

/** What a track says of its coding: one of the entries of its `stsd` box. */
export interface SampleEntry {
  readonly config: VideoDecoderConfig;
  readonly colorSpace: VideoColorSpace;
  /** Shape of a pixel, width to height. */
  readonly pixelAspect: number;
}

/** Which codec a sample entry of that name holds, and the box that holds its parameter sets. */
const CODECS: Readonly<Record<string, readonly [VideoCodec, string?]>> = {
  avc1: ["h264", "avcC"],
  avc3: ["h264", "avcC"],
  hvc1: ["hevc", "hvcC"],
  hev1: ["hevc", "hvcC"],
  vp08: ["vp8", "vpcC"],
  vp09: ["vp9", "vpcC"],
  av01: ["av1", "av1C"],
  mp4v: ["mpeg4", "esds"],
  jpeg: ["mjpeg"],
  mjpa: ["mjpeg"],
  apch: ["prores"],
  apcn: ["prores"],
  apcs: ["prores"],
  apco: ["prores"],
  ap4h: ["prores"],
  ap4x: ["prores"],
  m2v1: ["mpeg2video"],
};

const VISUAL_ENTRY = 78;
const MPEG2_OBJECTS = new Set([0x60, 0x61, 0x62, 0x63, 0x64, 0x65]);
const MJPEG_OBJECT = 0x6c;

/**
 * The entries of an `stsd` box.
 *
 * @throws MillraceError UNSUPPORTED for codecs that have no decoder here, and for encrypted tracks
 */
export function readSampleEntries(stsd: DataView, name: string): readonly SampleEntry[] {
  const entries = [...boxesIn(stsd, 8)].map((box) => readEntry(box, name));
  if (entries.length > 0) return entries;
  throw new MillraceError("CORRUPT_INPUT", `${name}: a video track does not say how it is coded.`);
}

function readEntry({ type, body }: Box, name: string): SampleEntry {
  const [family, parameters] = CODECS[type] ?? [];
  if (family === undefined || body.byteLength < VISUAL_ENTRY) {
    const encrypted = type === "encv" ? "is encrypted" : `is coded as "${type}"`;
    throw new MillraceError(
      "UNSUPPORTED",
      `${name}: the video track ${encrypted}, which cannot be decoded. Convert it to H.264, HEVC, VP9 or AV1.`,
    );
  }
  const inner = slice(body, VISUAL_ENTRY);
  const box = parameters === undefined ? undefined : findBox(inner, parameters);
  const coding =
    box === undefined
      ? { family }
      : type === "mp4v"
        ? fromEsds(box)
        : { family, bytes: bytesOf(box) };
  const description = coding.bytes?.slice();
  const string = codecString(coding.family, description);
  const pixel = findBox(inner, "pasp");
  return {
    config: {
      codec: string === "prores" ? type : string,
      family: coding.family,
      // `vpcC` is for players; the decoders want nothing.
      ...(description && !["vp8", "vp9"].includes(coding.family) && { description }),
      codedWidth: body.getUint16(24),
      codedHeight: body.getUint16(26),
    },
    colorSpace: readColor(findBox(inner, "colr")),
    pixelAspect:
      pixel !== undefined && pixel.byteLength >= 8 && pixel.getUint32(0) && pixel.getUint32(4)
        ? pixel.getUint32(0) / pixel.getUint32(4)
        : 1,
  };
}

function readColor(colr: DataView | undefined): VideoColorSpace {
  if (colr === undefined || colr.byteLength < 10) return {};
  const kind = fourCharacters(colr, 0);
  if (kind !== "nclx" && kind !== "nclc") return {};
  return colorSpaceFromCodes({
    primaries: colr.getUint16(4),
    transfer: colr.getUint16(6),
    matrix: colr.getUint16(8),
    ...(kind === "nclx" &&
      colr.byteLength >= 11 && { fullRange: (colr.getUint8(10) & 0x80) !== 0 }),
  });
}

/** ISO/IEC 14496-1, 7.2.6.5: descriptors in descriptors, of which the decoder wants the innermost. */
function fromEsds(esds: DataView): { readonly family: VideoCodec; readonly bytes?: Uint8Array } {
  let family: VideoCodec = "mpeg4";
  let at = 4;
  while (at + 2 <= esds.byteLength) {
    const tag = esds.getUint8(at++);
    let size = 0;
    // At most four bytes of seven bits (ISO/IEC 14496-1, 8.3.3).
    for (let bytes = 0, more = true; more && bytes < 4 && at < esds.byteLength; at++, bytes++) {
      const byte = esds.getUint8(at);
      size = (size << 7) | (byte & 0x7f);
      more = (byte & 0x80) !== 0;
    }
    if (tag === 3) {
      const flags = at + 2 < esds.byteLength ? esds.getUint8(at + 2) : 0;
      at += 3 + ((flags & 0x80) === 0 ? 0 : 2) + ((flags & 0x20) === 0 ? 0 : 2);
    } else if (tag === 4) {
      const object = at < esds.byteLength ? esds.getUint8(at) : 0;
      if (MPEG2_OBJECTS.has(object)) family = "mpeg2video";
      else if (object === MJPEG_OBJECT) family = "mjpeg";
      at += 13;
    } else if (tag === 5) {
      return { family, bytes: bytesOf(slice(esds, at, Math.min(at + size, esds.byteLength))) };
    } else at += size;
  }
  return { family };
}
