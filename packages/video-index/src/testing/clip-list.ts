import {
  copyOf,
  from,
  H264,
  type Making,
  plain,
  SIXTY,
  span,
  THIRTY,
  X264,
  X265,
  X265_QUIET,
} from "./clip-parts.ts";
import { SOUND_CLIPS } from "./sound-clips.ts";

/** What is known of a clip before it is looked at. */
export interface Clip {
  /** The name of its file. */
  readonly name: string;
  /**
   * The numbers in the pictures, in the order in which they are shown, where every frame must come out right. For
   * damaged clips, the numbers of the frames that the file has a place for; some of them cannot be decoded.
   */
  readonly numbers: readonly number[];
  /** Pictures without a barcode: only their count is known. */
  readonly barcode: boolean;
  /**
   * `sound` clips are as their encoder left them; `damaged` ones lost something; `odd` ones break the format's
   * promises without losing a picture.
   */
  readonly state: "sound" | "damaged" | "odd";
  /** The command that makes it, as arguments of `ffmpeg`, in the folder of the clips. */
  readonly args: readonly string[];
}

/** A file that is no video, or has none, and the code of the error that opening it must give. */
export interface UnreadableClip {
  readonly name: string;
  readonly code: "UNSUPPORTED" | "CORRUPT_INPUT" | "NOT_FOUND";
}

/** Pixel formats and colours: without a barcode, 30 frames each. */
const FORMATS: readonly Making[] = [
  ["y422.mp4", [...from(plain("r=30:d=1,format=yuv422p")), ...X264, "-pix_fmt", "yuv422p"]],
  ["y444.mp4", [...from(plain("r=30:d=1,format=yuv444p")), ...X264, "-pix_fmt", "yuv444p"]],
  [
    "h264_10.mp4",
    [...from(plain("r=30:d=1,format=yuv420p10le")), ...X264, "-pix_fmt", "yuv420p10le"],
  ],
  [
    "hdr10.mp4",
    [
      ...from(plain("r=30:d=1,format=yuv420p10le")),
      ...X265,
      `${X265_QUIET}:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:hdr10=1:max-cll=1000,400`,
      "-color_primaries",
      "bt2020",
      "-color_trc",
      "smpte2084",
      "-colorspace",
      "bt2020nc",
      "-tag:v",
      "hvc1",
    ],
  ],
  [
    "odd.mp4",
    [...from("testsrc2=s=191x127:r=30:d=1,format=yuv444p"), ...X264, "-pix_fmt", "yuv444p"],
  ],
  ["sar.mp4", [...from(`${plain("r=30:d=1,format=yuv420p")},setsar=2/1`), ...H264]],
  [
    "fullrange.mp4",
    [
      ...from(plain("r=30:d=1,scale=out_range=full,format=yuvj420p")),
      ...X264,
      "-color_range",
      "pc",
    ],
  ],
  [
    "interlaced.mp4",
    [
      ...from(plain("r=60:d=1,format=yuv420p,tinterlace=interleave_top,setfield=tff")),
      ...X264,
      "-flags",
      "+ilme+ildct",
      "-x264-params",
      "tff=1",
    ],
  ],
];

/** Files that break a promise of their format. `numbers` is what a careful reader can still show. */
const ODD: readonly Making[] = [];

const DAMAGED: readonly Making[] = [
  [
    "corrupt_range.mp4",
    [...copyOf("cfr_b.mp4"), "-bsf:v", "noise=amount=200*gt(n\\,20)*lt(n\\,26)"],
  ],
  [
    "dropped_pkt.mp4",
    [...copyOf("cfr_b.mp4"), "-bsf:v", "noise=drop=eq(n\\,25)"],
    SIXTY.filter((number) => number !== 25),
  ],
  [
    "noinitkey.ts",
    [...copyOf("plain.ts"), "-bsf:v", "noise=drop=eq(n\\,0)", "-f", "mpegts"],
    span(1, 60),
  ],
];

const clipsOf = (
  list: readonly Making[],
  state: Clip["state"],
  barcode: boolean,
): readonly Clip[] =>
  list.map(([name, args, numbers = barcode ? SIXTY : THIRTY]) => ({
    name,
    numbers,
    barcode,
    state,
    args,
  }));

/** Every clip that a command of `ffmpeg` makes, in an order in which each finds those that it is made from. */
export const CLIPS: readonly Clip[] = [
  ...clipsOf(SOUND_CLIPS, "sound", true),
  ...clipsOf(FORMATS, "sound", false),
  ...clipsOf(ODD, "odd", true),
  ...clipsOf(DAMAGED, "damaged", true),
];
