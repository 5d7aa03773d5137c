import type { VideoDecoderConfig } from "@millrace/media";
import { bitReader } from "./bit-reader.ts";
import { type H264Sequence, readH264Sequence } from "./h264-sps.ts";
import { nalUnits } from "./nal-units.ts";

/** Where a picture stands among those that are decoded near it. */
export interface PictureOrder {
  /** Pictures of another group are all shown before or after those of this one. */
  readonly startsGroup: boolean;
  /** Rises in the order in which the pictures of a group are shown. */
  readonly order: number;
}

/** Works out in which order pictures are shown, packet by packet, for containers that do not say. */
export interface PictureOrderReader {
  /** @param head - the first bytes of the packet, a few hundred at least */
  next(head: Uint8Array): PictureOrder;
}

/** The reader for a codec; the order of decoding where the codec has no other or it cannot be read. */
export function pictureOrderReader(
  config: Pick<VideoDecoderConfig, "family" | "description">,
): PictureOrderReader {
  if (config.family === "h264") return h264Order(config);
  if (config.family === "mpeg4") return backwardOrder((head) => codingType(head, 0xb6, 0, 6));
  if (config.family === "mpeg2video") return backwardOrder((head) => codingType(head, 0, 1, 3));
  let count = 0;
  return { next: () => ({ startsGroup: count === 0, order: count++ }) };
}

/** ITU-T H.264, 8.2.1.1: the order is in the slice header, and counts from each IDR picture on. */
function h264Order(config: Pick<VideoDecoderConfig, "family" | "description">): PictureOrderReader {
  let sequence: H264Sequence | undefined = sequenceOf(config.description);
  let highBits = 0;
  let lowBits = 0;
  let count = 0;
  return {
    next(head) {
      for (const unit of nalUnits(head, config as VideoDecoderConfig)) {
        const type = (unit[0] as number) & 0x1f;
        if (type === 7) sequence = readH264Sequence(unit) ?? sequence;
        if (type !== 1 && type !== 5) continue;
        const idr = type === 5;
        if (idr) {
          highBits = 0;
          lowBits = 0;
        }
        count += 1;
        const low = sequence && lowOrderBits(unit, sequence, idr);
        if (sequence === undefined || low === undefined) return { startsGroup: idr, order: count };
        const range = 2 ** sequence.orderBits;
        let high = highBits;
        if (low < lowBits && lowBits - low >= range / 2) high += range;
        else if (low > lowBits && low - lowBits > range / 2) high -= range;
        if (((unit[0] as number) & 0x60) !== 0) {
          highBits = high;
          lowBits = low;
        }
        return { startsGroup: idr, order: high + low };
      }
      count += 1;
      return { startsGroup: count === 1, order: count };
    },
  };
}

function sequenceOf(avcC: Uint8Array | undefined): H264Sequence | undefined {
  if (avcC === undefined || avcC.length < 8) return undefined;
  const length = ((avcC[6] as number) << 8) | (avcC[7] as number);
  return readH264Sequence(avcC.subarray(8, 8 + length));
}

/** Undefined where the order of pictures is that of decoding. */
function lowOrderBits(unit: Uint8Array, sequence: H264Sequence, idr: boolean): number | undefined {
  if (sequence.orderType !== 0) return undefined;
  const bits = bitReader(unit.subarray(1));
  bits.unsigned();
  bits.unsigned();
  bits.unsigned();
  if (sequence.separatePlanes) bits.skip(2);
  bits.skip(sequence.frameNumBits);
  if (!sequence.frameOnly && bits.read(1) === 1) bits.skip(1);
  if (idr) bits.unsigned();
  return bits.read(sequence.orderBits);
}

/** The coding type of a B picture, from 0 for I. */
const BACKWARD = 2;
/** More B pictures than ever follow one another. */
const MOST_BETWEEN = 1024;

/**
 * MPEG-2 and MPEG-4 part 2: a B picture is shown before the reference picture that was decoded before it, and nothing
 * else is out of order.
 */
function backwardOrder(typeOf: (head: Uint8Array) => number): PictureOrderReader {
  let references = 0;
  let between = 0;
  return {
    next(head) {
      if (typeOf(head) === BACKWARD && references > 0) {
        between += 1;
        return { startsGroup: false, order: references - 2 + between / MOST_BETWEEN };
      }
      between = 0;
      references += 1;
      return { startsGroup: references === 1, order: references - 1 };
    },
  };
}

/** The coding type, from 0 for I, in the byte so far behind the first start code of a kind. */
function codingType(head: Uint8Array, code: number, behind: number, shift: number): number {
  for (let at = 0; at + 4 + behind < head.length; at++) {
    if (head[at] !== 0 || head[at + 1] !== 0 || head[at + 2] !== 1 || head[at + 3] !== code)
      continue;
    const value = (head[at + 4 + behind] as number) >> shift;
    return code === 0 ? (value & 7) - 1 : value;
  }
  return 0;
}
