import { bitReader } from "./bit-reader.ts";
import type { SequenceInfo } from "./sequence.ts";

/** Reads a sequence parameter set of HEVC (ITU-T H.265, 7.3.2.2), with its NAL header, up to the size. */
export function readHevcSequence(unit: Uint8Array): SequenceInfo | undefined {
  if (unit.length < 16) return undefined;
  const bits = bitReader(unit.subarray(2));
  bits.skip(4);
  const subLayers = bits.read(3);
  bits.skip(1);
  const space = bits.read(2);
  const tier = bits.read(1);
  const profile = bits.read(5);
  const compatibility = bits.read(32);
  bits.skip(48);
  const level = bits.read(8);
  const present = Array.from({ length: subLayers }, () => [bits.read(1), bits.read(1)] as const);
  if (subLayers > 0) bits.skip(2 * (8 - subLayers));
  for (const [hasProfile, hasLevel] of present) bits.skip(hasProfile * 88 + hasLevel * 8);
  bits.unsigned();
  const chroma = bits.unsigned();
  if (chroma === 3) bits.skip(1);
  let width = bits.unsigned();
  let height = bits.unsigned();
  if (bits.read(1) === 1) {
    const [left, right, top, bottom] = [
      bits.unsigned(),
      bits.unsigned(),
      bits.unsigned(),
      bits.unsigned(),
    ] as const;
    width -= (left + right) * (chroma === 1 || chroma === 2 ? 2 : 1);
    height -= (top + bottom) * (chroma === 1 ? 2 : 1);
  }
  if (bits.left < 0) return undefined;
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) {
    if (Math.floor(compatibility / 2 ** bit) % 2 === 1) reversed += 2 ** (31 - bit);
  }
  const name = `${["", "A", "B", "C"][space]}${profile}.${reversed.toString(16).toUpperCase()}`;
  return {
    codec: `hvc1.${name}.${tier === 0 ? "L" : "H"}${level}`,
    width,
    height,
    colorSpace: {},
    pixelAspect: 1,
  };
}
