import type { VideoColorSpace } from "./color-space.ts";
import type { VideoPixelFormat } from "./pixel-format.ts";

const FFMPEG_NAMES: Readonly<Record<VideoPixelFormat, string>> = {
  I420: "yuv420p",
  I422: "yuv422p",
  I444: "yuv444p",
  I420P10: "yuv420p10le",
  I422P10: "yuv422p10le",
  I444P10: "yuv444p10le",
  I420P12: "yuv420p12le",
  I422P12: "yuv422p12le",
  I444P12: "yuv444p12le",
  NV12: "nv12",
  RGB: "rgb24",
  RGBA: "rgba",
  BGRA: "bgra",
};

const OURS = new Map(
  Object.entries(FFMPEG_NAMES).map(([ours, theirs]) => [theirs, ours as VideoPixelFormat]),
);

/** FFmpeg's name of a format. */
export function ffmpegFormat(format: VideoPixelFormat): string {
  return FFMPEG_NAMES[format];
}

/** A format of ours that holds what a format of FFmpeg holds. */
export interface NearestFormat {
  readonly format: VideoPixelFormat;
  /** Whether the bytes are the same, so that nothing need be converted. */
  readonly same: boolean;
  /** Whether the name alone says that luma goes from 0 to 255. */
  readonly fullRange: boolean;
}

const BY_CHROMA: Readonly<Record<string, "I420" | "I422" | "I444">> = {
  "410": "I420",
  "411": "I422",
  "420": "I420",
  "422": "I422",
  "440": "I444",
  "444": "I444",
};

const SEMI_PLANAR: Readonly<Record<string, VideoPixelFormat>> = {
  nv21: "NV12",
  nv16: "I422",
  nv24: "I444",
  p010le: "I420P10",
  p012le: "I420P12",
  p210le: "I422P10",
  p212le: "I422P12",
  yuyv422: "I422",
  uyvy422: "I422",
};

/**
 * The nearest format of ours: chroma is not thinned out, depths of 9 go to 10 and above 10 to 12 bits, alpha of
 * YUV is left out, grey gets chroma of none, and what is neither YUV nor grey becomes RGB.
 */
export function nearestFormat(name: string): NearestFormat {
  const plain = name.replace(/^yuvj/, "yuv");
  const fullRange = plain !== name;
  const ours = OURS.get(plain);
  if (ours) return { format: ours, same: true, fullRange };
  const semiPlanar = SEMI_PLANAR[plain];
  if (semiPlanar) return { format: semiPlanar, same: false, fullRange };
  const yuv = /^yuva?(\d{3})p(\d*)/.exec(plain) ?? /^(gray|ya)(\d*)/.exec(plain);
  if (!yuv)
    return { format: /^(?:argb|abgr|gbrap)/.test(plain) ? "RGBA" : "RGB", same: false, fullRange };
  const depth = Number(yuv[2] || 8);
  const suffix = depth <= 8 ? "" : depth <= 10 ? "P10" : "P12";
  return { format: `${BY_CHROMA[yuv[1] ?? ""] ?? "I420"}${suffix}`, same: false, fullRange };
}

/** What FFmpeg says of a frame's numbers, by their codes in H.273. */
export interface ColorCodes {
  readonly colorRange: number;
  readonly colorPrimaries: number;
  readonly colorTrc: number;
  readonly colorSpace: number;
}

const PRIMARIES: Readonly<Record<number, NonNullable<VideoColorSpace["primaries"]>>> = {
  1: "bt709",
  5: "bt470bg",
  6: "smpte170m",
  9: "bt2020",
  12: "smpte432",
};
const TRANSFERS: Readonly<Record<number, NonNullable<VideoColorSpace["transfer"]>>> = {
  1: "bt709",
  6: "smpte170m",
  8: "linear",
  13: "iec61966-2-1",
  16: "pq",
  18: "hlg",
};
const MATRICES: Readonly<Record<number, NonNullable<VideoColorSpace["matrix"]>>> = {
  0: "rgb",
  1: "bt709",
  5: "bt470bg",
  6: "smpte170m",
  9: "bt2020-ncl",
};

const LIMITED_RANGE = 1;
const FULL_RANGE = 2;

/** A frame's colours in our words; what FFmpeg does not say, or what has no word, is left out. */
export function colorSpaceOf(codes: ColorCodes, fullRange: boolean): VideoColorSpace {
  const primaries = PRIMARIES[codes.colorPrimaries];
  const transfer = TRANSFERS[codes.colorTrc];
  const matrix = MATRICES[codes.colorSpace];
  const range = fullRange || codes.colorRange === FULL_RANGE;
  return {
    ...(primaries && { primaries }),
    ...(transfer && { transfer }),
    ...(matrix && { matrix }),
    ...((range || codes.colorRange === LIMITED_RANGE) && { fullRange: range }),
  };
}

/** The code of a matrix in H.273. */
export function matrixCode(matrix: NonNullable<VideoColorSpace["matrix"]>): number {
  return Number(Object.keys(MATRICES).find((code) => MATRICES[Number(code)] === matrix));
}

/** FFmpeg's code of a range. */
export function rangeCode(fullRange: boolean): number {
  return fullRange ? FULL_RANGE : LIMITED_RANGE;
}
