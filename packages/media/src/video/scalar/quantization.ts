/** How a sample is written as a whole number: `code = zero + value * span`. */
export interface Quantization {
  readonly zero: number;
  readonly span: number;
}

/** The numbers of ITU-R BT.601, 709 and 2100 for a depth and a range; chroma has its zero in the middle. */
export function quantization(bits: number, fullRange: boolean, isChroma: boolean): Quantization {
  const scale = 2 ** (bits - 8);
  const zero = isChroma ? 128 * scale : fullRange ? 0 : 16 * scale;
  if (fullRange) return { zero, span: 2 ** bits - 1 };
  return { zero, span: (isChroma ? 224 : 219) * scale };
}
