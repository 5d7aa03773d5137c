import type { VideoDecoderConfig } from "@millrace/media";
import { bitReader } from "./bit-reader.ts";
import { nalUnits } from "./nal-units.ts";

/**
 * What decoding may begin at, as the bitstream itself says.
 *
 * - `closed`: nothing behind it refers to anything before it (IDR, and the key frames of codecs that have no others).
 * - `open`: it decodes by itself, but pictures shown before it may refer to earlier ones (CRA, recovery point).
 * - `gradual`: pictures are whole only so many frames later (recovery point with a count).
 * - `none`: decoding may not begin here, whatever the container says.
 */
export type RandomAccess =
  | { readonly kind: "closed" | "open" | "none" }
  | { readonly kind: "gradual"; readonly frames: number };

const CLOSED = { kind: "closed" } as const;
const OPEN = { kind: "open" } as const;
const NONE = { kind: "none" } as const;

/** What a packet is as a place to begin decoding. */
export function randomAccessOf(config: VideoDecoderConfig, data: Uint8Array): RandomAccess {
  if (data.length === 0) return NONE;
  switch (config.family) {
    case "h264":
      return h264(config, data);
    case "hevc":
      return hevc(config, data);
    case "vp8":
      // RFC 6386, 9.1: the lowest bit of the frame tag.
      return ((data[0] as number) & 1) === 0 ? CLOSED : NONE;
    case "vp9":
      return vp9(data);
    case "av1":
      return av1(data);
    case "mpeg4":
      // ISO/IEC 14496-2, 6.2.5: vop_coding_type 0 is I.
      return pictureType(data, 0xb6, (next) => (next[0] as number) >> 6) === 0 ? OPEN : NONE;
    case "mpeg2video":
      // ISO/IEC 13818-2, 6.2.3: picture_coding_type 1 is I.
      return pictureType(data, 0x00, (next) => ((next[1] as number) >> 3) & 7) === 1 ? OPEN : NONE;
    default:
      return CLOSED;
  }
}

/** ITU-T H.264, 7.3.1 and annex D.2.8. */
function h264(config: VideoDecoderConfig, data: Uint8Array): RandomAccess {
  let recovery: number | undefined;
  let intra: boolean | undefined;
  for (const unit of nalUnits(data, config)) {
    const type = (unit[0] as number) & 0x1f;
    if (type === 5) return CLOSED;
    if (type === 6) recovery ??= recoveryPoint(unit);
    if (type === 1 && unit.length > 2) {
      const bits = bitReader(unit.subarray(1));
      bits.unsigned();
      const slice = bits.unsigned() % 5;
      // 2 is I, 4 is SI.
      intra = (intra ?? true) && (slice === 2 || slice === 4);
    }
  }
  if (recovery !== undefined) {
    return recovery === 0 ? OPEN : { kind: "gradual", frames: recovery };
  }
  // An intra picture without a word about recovery: decodable, but what follows may refer to what was before.
  return intra ? OPEN : NONE;
}

/** recovery_frame_cnt of an SEI unit that has a recovery point message. */
function recoveryPoint(unit: Uint8Array): number | undefined {
  let at = 1;
  const value = (): number => {
    let sum = 0;
    while (unit[at] === 0xff) {
      sum += 255;
      at += 1;
    }
    return sum + (unit[at++] ?? 0);
  };
  while (at + 2 < unit.length) {
    const type = value();
    const size = value();
    if (type === 6) return bitReader(unit.subarray(at, at + size)).unsigned();
    at += size;
  }
  return undefined;
}

/** ITU-T H.265, table 7-1: 16 to 20 are BLA and IDR, 21 is CRA. */
function hevc(config: VideoDecoderConfig, data: Uint8Array): RandomAccess {
  for (const unit of nalUnits(data, config)) {
    const type = ((unit[0] as number) >> 1) & 0x3f;
    if (type >= 16 && type <= 20) return CLOSED;
    if (type === 21) return OPEN;
    if (type < 16) return NONE;
  }
  return NONE;
}

/** VP9 bitstream specification, 6.2: frame_type 0 is a key frame. */
function vp9(data: Uint8Array): RandomAccess {
  const bits = bitReader(data);
  if (bits.read(2) !== 2) return NONE;
  const profile = bits.read(1) + 2 * bits.read(1);
  if (profile === 3) bits.read(1);
  const existing = bits.read(1);
  return existing === 0 && bits.read(1) === 0 ? CLOSED : NONE;
}

/** AV1 bitstream specification, 5.3 and 5.9.2: the first frame header has frame_type 0. */
function av1(data: Uint8Array): RandomAccess {
  for (let at = 0; at < data.length; ) {
    const header = data[at++] as number;
    const type = (header >> 3) & 15;
    if ((header & 4) !== 0) at += 1;
    let size = data.length - at;
    if ((header & 2) !== 0) {
      size = 0;
      for (let shift = 0; shift < 35 && at < data.length; shift += 7) {
        const byte = data[at++] as number;
        size += (byte & 0x7f) * 2 ** shift;
        if ((byte & 0x80) === 0) break;
      }
    }
    if (type === 3 || type === 6) {
      const first = data[at] ?? 0xff;
      return (first & 0x80) === 0 && ((first >> 5) & 3) === 0 ? CLOSED : NONE;
    }
    at += size;
  }
  return NONE;
}

/** The type of the first picture behind a start code; undefined where there is none. */
function pictureType(
  data: Uint8Array,
  code: number,
  typeOf: (next: Uint8Array) => number,
): number | undefined {
  for (let at = 0; at + 5 < data.length; at++) {
    if (data[at] !== 0 || data[at + 1] !== 0 || data[at + 2] !== 1) continue;
    if (data[at + 3] === code) return typeOf(data.subarray(at + 4));
  }
  return undefined;
}
