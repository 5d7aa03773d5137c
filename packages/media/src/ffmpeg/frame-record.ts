import type { Rational } from "../rational.ts";
import type { VideoColorSpace } from "../video/color-space.ts";

/** What the filter showinfo says of a frame. */
export interface FrameRecord {
  /** In ticks of {@link FrameRecord.timeBase}. */
  readonly pts: number;
  readonly timeBase: Rational;
  /** FFmpeg's name of its format. */
  readonly format: string;
  readonly width: number;
  readonly height: number;
  /** Width of a pixel by its height. */
  readonly pixelAspect: number;
  readonly colorSpace: VideoColorSpace;
  /** Whether FFmpeg called it corrupt. */
  readonly concealed: boolean;
}

/** Reads the lines that ffmpeg writes to stderr. */
export interface FrameRecordReader {
  /** Takes a line; gives a record when one is complete. */
  line(line: string): FrameRecord | undefined;
}

const CONFIG = /^\[Parsed_showinfo_\d+ @ \w+\] \[info\] config in time_base: (\d+)\/(\d+)/;
const FRAME =
  /^\[Parsed_showinfo_\d+ @ \w+\] \[info\] n:\s*\d+ pts:\s*(-?\d+) .*fmt:(\S+) .*sar:(\d+)\/(\d+) s:(\d+)x(\d+)/;
const COLOR =
  /^\[Parsed_showinfo_\d+ @ \w+\] \[info\] color_range:(\S+) color_space:(\S+) color_primaries:(\S+) color_trc:(\S+)/;

const MATRICES: Readonly<Record<string, NonNullable<VideoColorSpace["matrix"]>>> = {
  gbr: "rgb",
  bt709: "bt709",
  bt470bg: "bt470bg",
  smpte170m: "smpte170m",
  bt2020nc: "bt2020-ncl",
};
const PRIMARIES: Readonly<Record<string, NonNullable<VideoColorSpace["primaries"]>>> = {
  bt709: "bt709",
  bt470bg: "bt470bg",
  smpte170m: "smpte170m",
  bt2020: "bt2020",
  smpte432: "smpte432",
};
const TRANSFERS: Readonly<Record<string, NonNullable<VideoColorSpace["transfer"]>>> = {
  bt709: "bt709",
  smpte170m: "smpte170m",
  linear: "linear",
  "iec61966-2-1": "iec61966-2-1",
  smpte2084: "pq",
  "arib-std-b67": "hlg",
};

/** Makes a reader for one run of ffmpeg. */
export function frameRecordReader(): FrameRecordReader {
  let begun: Omit<FrameRecord, "colorSpace"> | undefined;
  let isCorrupt = false;
  let timeBase: Rational = { num: 1, den: 1000 };
  return {
    line(line) {
      if (line.includes("corrupt decoded frame")) isCorrupt = true;
      const config = CONFIG.exec(line);
      if (config) timeBase = { num: Number(config[1]), den: Number(config[2]) };
      const frame = FRAME.exec(line);
      if (frame) {
        const [, pts, format = "", num, den, width, height] = frame;
        begun = {
          pts: Number(pts),
          timeBase,
          format,
          width: Number(width),
          height: Number(height),
          pixelAspect: Number(num) > 0 && Number(den) > 0 ? Number(num) / Number(den) : 1,
          concealed: isCorrupt,
        };
        isCorrupt = false;
        return undefined;
      }
      const color = begun && COLOR.exec(line);
      if (!begun || !color) return undefined;
      const [, range = "", matrix = "", primaries = "", transfer = ""] = color;
      const record = { ...begun, colorSpace: colorSpaceOf(range, matrix, primaries, transfer) };
      begun = undefined;
      return record;
    },
  };
}

function colorSpaceOf(
  range: string,
  matrix: string,
  primaries: string,
  transfer: string,
): VideoColorSpace {
  const words = {
    primaries: PRIMARIES[primaries],
    transfer: TRANSFERS[transfer],
    matrix: MATRICES[matrix],
    fullRange: range === "pc" ? true : range === "tv" ? false : undefined,
  };
  return Object.fromEntries(Object.entries(words).filter(([, word]) => word !== undefined));
}
