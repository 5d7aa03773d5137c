import { type BitReader, bitReader } from "./bit-reader.ts";
import { colorSpaceFromCodes } from "./color-codes.ts";
import { pixelAspectOf, type SequenceInfo } from "./sequence.ts";

/** A sequence parameter set of H.264, as far as sizes and the order of pictures need it. */
export interface H264Sequence extends SequenceInfo {
  readonly frameNumBits: number;
  /** 0: the order stands in the slices; 2: it is that of decoding. 1 is not read. */
  readonly orderType: number;
  readonly orderBits: number;
  readonly frameOnly: boolean;
  /** Colour planes that are coded apart add two bits to each slice. */
  readonly separatePlanes: boolean;
}

const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
/** 7.4.2.1.1: no number of a picture has more bits. */
const MOST_BITS = 16;
const EXTENDED_ASPECT = 255;

/** Reads a sequence parameter set (ITU-T H.264, 7.3.2.1), with its NAL header; undefined where it is cut off. */
export function readH264Sequence(unit: Uint8Array): H264Sequence | undefined {
  if (unit.length < 5) return undefined;
  const bits = bitReader(unit.subarray(1));
  const profile = bits.read(8);
  const constraints = bits.read(8);
  const level = bits.read(8);
  bits.unsigned();
  let chroma = 1;
  let separatePlanes = false;
  if (HIGH_PROFILES.has(profile)) {
    chroma = bits.unsigned();
    if (chroma === 3) separatePlanes = bits.read(1) === 1;
    bits.unsigned();
    bits.unsigned();
    bits.skip(1);
    if (bits.read(1) === 1) skipScalingLists(bits, chroma === 3 ? 12 : 8);
  }
  const frameNumBits = bits.unsigned() + 4;
  const orderType = bits.unsigned();
  let orderBits = 0;
  if (orderType === 0) orderBits = bits.unsigned() + 4;
  else if (orderType === 1) skipOrderCycle(bits);
  bits.unsigned();
  bits.skip(1);
  const widthInBlocks = bits.unsigned() + 1;
  const heightInUnits = bits.unsigned() + 1;
  const frameOnly = bits.read(1) === 1;
  if (!frameOnly) bits.skip(1);
  bits.skip(1);
  const crop = bits.read(1) === 1 ? [0, 0, 0, 0].map(() => bits.unsigned()) : [0, 0, 0, 0];
  if (bits.left < 0 || frameNumBits > MOST_BITS || orderBits > MOST_BITS) return undefined;
  const across = chroma === 1 || chroma === 2 ? 2 : 1;
  const down = (chroma === 1 ? 2 : 1) * (frameOnly ? 1 : 2);
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  const hex = (value: number): string => value.toString(16).toUpperCase().padStart(2, "0");
  return {
    codec: `avc1.${hex(profile)}${hex(constraints)}${hex(level)}`,
    width: widthInBlocks * 16 - (left + right) * across,
    height: heightInUnits * 16 * (frameOnly ? 1 : 2) - (top + bottom) * down,
    ...readUsability(bits),
    frameNumBits,
    orderType,
    orderBits,
    frameOnly,
    separatePlanes,
  };
}

/** Annex E.1.1, up to the timing. */
function readUsability(
  bits: BitReader,
): Pick<SequenceInfo, "colorSpace" | "pixelAspect" | "frameDuration"> {
  if (bits.read(1) === 0) return { colorSpace: {}, pixelAspect: 1 };
  let pixelAspect = 1;
  if (bits.read(1) === 1) {
    const idc = bits.read(8);
    if (idc === EXTENDED_ASPECT) {
      const [width, height] = [bits.read(16), bits.read(16)];
      pixelAspect = width > 0 && height > 0 ? width / height : 1;
    } else pixelAspect = pixelAspectOf(idc);
  }
  if (bits.read(1) === 1) bits.skip(1);
  let colorSpace = {};
  if (bits.read(1) === 1) {
    bits.skip(3);
    const fullRange = bits.read(1) === 1;
    const described = bits.read(1) === 1;
    const codes = described
      ? { primaries: bits.read(8), transfer: bits.read(8), matrix: bits.read(8) }
      : {};
    colorSpace = colorSpaceFromCodes({ fullRange, ...codes });
  }
  if (bits.read(1) === 1) {
    bits.unsigned();
    bits.unsigned();
  }
  if (bits.read(1) === 0) return { colorSpace, pixelAspect };
  // Two ticks a frame, as there are two fields in one.
  const frameDuration = { num: bits.read(32) * 2, den: bits.read(32) };
  const known = frameDuration.num > 0 && frameDuration.den > 0;
  return { colorSpace, pixelAspect, ...(known && { frameDuration }) };
}

function skipScalingLists(bits: BitReader, count: number): void {
  for (let list = 0; list < count; list++) {
    if (bits.read(1) === 0) continue;
    let last = 8;
    let next = 8;
    for (let index = 0; index < (list < 6 ? 16 : 64); index++) {
      if (next !== 0) next = (last + bits.signed() + 256) % 256;
      last = next === 0 ? last : next;
    }
  }
}

function skipOrderCycle(bits: BitReader): void {
  bits.skip(1);
  bits.signed();
  bits.signed();
  const count = Math.min(bits.unsigned(), 255);
  for (let index = 0; index < count; index++) bits.signed();
}
