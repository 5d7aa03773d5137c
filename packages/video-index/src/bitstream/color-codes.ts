import type { VideoColorSpace } from "@millrace/media";

type Writable = { -readonly [Key in keyof VideoColorSpace]: VideoColorSpace[Key] };

const PRIMARIES: Readonly<Record<number, VideoColorSpace["primaries"]>> = {
  1: "bt709",
  5: "bt470bg",
  6: "smpte170m",
  9: "bt2020",
  12: "smpte432",
};
const TRANSFER: Readonly<Record<number, VideoColorSpace["transfer"]>> = {
  1: "bt709",
  6: "smpte170m",
  8: "linear",
  13: "iec61966-2-1",
  16: "pq",
  18: "hlg",
};
const MATRIX: Readonly<Record<number, VideoColorSpace["matrix"]>> = {
  0: "rgb",
  1: "bt709",
  5: "bt470bg",
  6: "smpte170m",
  9: "bt2020-ncl",
};

/** A colour space from the code points of ITU-T H.273, as containers and bitstreams carry them. */
export function colorSpaceFromCodes(codes: {
  readonly primaries?: number | undefined;
  readonly transfer?: number | undefined;
  readonly matrix?: number | undefined;
  readonly fullRange?: boolean | undefined;
}): VideoColorSpace {
  const space: Writable = {};
  const primaries = PRIMARIES[codes.primaries ?? 2];
  const transfer = TRANSFER[codes.transfer ?? 2];
  const matrix = MATRIX[codes.matrix ?? 2];
  if (primaries !== undefined) space.primaries = primaries;
  if (transfer !== undefined) space.transfer = transfer;
  if (matrix !== undefined) space.matrix = matrix;
  if (codes.fullRange !== undefined) space.fullRange = codes.fullRange;
  return space;
}
