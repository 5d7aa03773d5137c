import type { Rational, VideoColorSpace } from "@millrace/media";

/** What the parameter sets of a stream say, where a container says nothing. */
export interface SequenceInfo {
  /** WebCodecs codec string. */
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  readonly colorSpace: VideoColorSpace;
  /** Shape of a pixel, width to height. */
  readonly pixelAspect: number;
  /** Seconds a frame, where the stream says. */
  readonly frameDuration?: Rational;
}

/** Sample aspect ratios by number (ITU-T H.273, 8.6). */
const ASPECTS: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
];

/** Width to height of a pixel from `aspect_ratio_idc`; 1 where it is not known. */
export function pixelAspectOf(idc: number): number {
  const [width, height] = ASPECTS[idc] ?? [1, 1];
  return width / height;
}
