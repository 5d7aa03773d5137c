import type { VideoFrame } from "@millrace/media";

/** Bits of a frame's number in the picture; 4,096 frames are told apart. */
export const BARCODE_BITS = 12;
/** Pixels a bit takes across, and all of them down, in the top left corner. */
export const BARCODE_CELL = 16;

const THRESHOLD = 128;

/**
 * The number that a clip's generator wrote into a picture: the brightness in the middle of each cell, the lowest bit on
 * the left. Undefined where a cell is neither dark nor bright, as in a damaged picture.
 *
 * @param frame - planar YUV, 8 bits or more a sample
 */
export function readBarcode(frame: VideoFrame): number | undefined {
  const [luma] = frame.layout;
  if (luma === undefined) return undefined;
  const deep = /P1([02])$/.exec(frame.format);
  const shift = deep === null ? 0 : Number(`1${deep[1]}`) - 8;
  const { data } = frame;
  let number = 0;
  for (let bit = 0; bit < BARCODE_BITS; bit++) {
    const x = bit * BARCODE_CELL + BARCODE_CELL / 2;
    let sum = 0;
    for (let y = 4; y < 12; y++) {
      const at = luma.offset + y * luma.stride + (shift > 0 ? x * 2 : x);
      const sample =
        shift > 0
          ? ((data[at] as number) | ((data[at + 1] as number) << 8)) >> shift
          : (data[at] as number);
      sum += sample;
    }
    const mean = sum / 8;
    if (Math.abs(mean - THRESHOLD) < 40) return undefined;
    if (mean > THRESHOLD) number |= 1 << bit;
  }
  return number;
}
