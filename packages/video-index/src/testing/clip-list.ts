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

const span = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

/** Each bit of the frame's number as a cell of 16 × 16 pixels, black or white, along the top. */
const BARCODE = [
  "lum='if(lt(Y,16),if(bitand(trunc(N/pow(2,trunc(X/16))),1),235,16),p(X,Y))'",
  "cb='if(lt(Y,16),128,p(X,Y))'",
  "cr='if(lt(Y,16),128,p(X,Y))'",
].join(":");
const picture = (rate: string, seconds: number, format = "yuv420p"): string =>
  `testsrc2=s=192x128:r=${rate}:d=${seconds},format=${format},geq=${BARCODE}`;
const plain = (rest: string): string => `testsrc2=s=192x128:${rest}`;
const TWO_SECONDS = picture("30", 2);
/** 20 frames at 30 a second, 20 at 12, 20 at 60. */
const VARIABLE = `${TWO_SECONDS},settb=1/90000,setpts='if(lt(N,20),N/30,if(lt(N,40),20/30+(N-20)/12,20/30+20/12+(N-40)/60))/TB'`;

const from = (graph: string): string[] => ["-f", "lavfi", "-i", graph];
const copyOf = (name: string, ...input: string[]): string[] => [...input, "-i", name, "-c", "copy"];
const X264 = ["-c:v", "libx264", "-preset", "veryfast", "-threads", "1"];
const H264 = [...X264, "-pix_fmt", "yuv420p"];
const OPEN_GOP = "open-gop=1:keyint=12:min-keyint=12:scenecut=0:b-adapt=0:bframes=3";
const X265_QUIET = "pools=none:frame-threads=1:log-level=none";
const X265 = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params"];
const PYRAMID = "b-pyramid=normal:scenecut=0:keyint=30:min-keyint=30:open-gop=0";

type Making = readonly [name: string, args: readonly string[], numbers?: readonly number[]];

const SIXTY = span(0, 60);
const THIRTY = span(0, 30);

const SOUND: readonly Making[] = [
  // The shape of groups of pictures
  ["cfr_ip.mp4", [...from(TWO_SECONDS), ...H264, "-g", "15", "-bf", "0"]],
  ["cfr_b.mp4", [...from(TWO_SECONDS), ...H264, "-bf", "3", "-x264-params", PYRAMID]],
  ["open_gop_h264.mp4", [...from(TWO_SECONDS), ...H264, "-x264-params", OPEN_GOP]],
  [
    "open_gop_hevc.mp4",
    [...from(TWO_SECONDS), ...X265, `${OPEN_GOP}:${X265_QUIET}`, "-tag:v", "hvc1"],
  ],
  ["all_intra.mp4", [...from(TWO_SECONDS), ...H264, "-g", "1"]],
  [
    "intra_refresh.mp4",
    [
      ...from(TWO_SECONDS),
      ...H264,
      "-bf",
      "0",
      "-x264-params",
      "intra-refresh=1:keyint=20:scenecut=0",
    ],
  ],
  [
    "long_gop.mp4",
    [...from(picture("30", 10)), ...H264, "-bf", "2", "-x264-params", "keyint=infinite:scenecut=0"],
    span(0, 300),
  ],
  // Time
  [
    "vfr.mp4",
    [
      ...from(VARIABLE),
      "-fps_mode",
      "passthrough",
      "-enc_time_base",
      "1/90000",
      "-video_track_timescale",
      "90000",
      ...H264,
      "-g",
      "15",
      "-bf",
      "2",
    ],
  ],
  [
    "vfr.mkv",
    [
      ...from(VARIABLE),
      "-fps_mode",
      "passthrough",
      "-enc_time_base",
      "1/90000",
      ...H264,
      "-g",
      "15",
      "-bf",
      "2",
    ],
  ],
  ["ntsc.mp4", [...from(picture("30000/1001", 2)), ...H264, "-g", "15", "-bf", "2"]],
  [
    "start_offset.mp4",
    [...from(TWO_SECONDS), ...H264, "-g", "15", "-bf", "2", "-output_ts_offset", "5"],
  ],
  [
    "start_offset.mkv",
    [...from(TWO_SECONDS), ...H264, "-g", "15", "-bf", "2", "-output_ts_offset", "5"],
  ],
  ["elst_trim.mp4", copyOf("cfr_b.mp4", "-ss", "0.5"), span(15, 60)],
  [
    "elst_empty.mp4",
    [
      "-itsoffset",
      "1",
      "-i",
      "cfr_b.mp4",
      ...from("sine=d=3"),
      "-map",
      "0:v",
      "-map",
      "1:a",
      "-c:v",
      "copy",
      "-c:a",
      "aac",
    ],
  ],
  [
    "dup_pts.mkv",
    [
      ...copyOf("cfr_ip.mp4"),
      "-bsf:v",
      "setts=pts=if(eq(N\\,10)\\,PREV_OUTPTS\\,PTS):dts=if(eq(N\\,10)\\,PREV_OUTDTS\\,DTS)",
    ],
  ],
  // Containers
  ["moov_end.mp4", copyOf("cfr_b.mp4")],
  ["faststart.mp4", [...copyOf("cfr_b.mp4"), "-movflags", "+faststart"]],
  ["quicktime.mov", copyOf("cfr_b.mp4")],
  ["frag.mp4", [...copyOf("cfr_b.mp4"), "-movflags", "frag_keyframe+empty_moov+default_base_moof"]],
  [
    "frag_every.mp4",
    [...copyOf("cfr_b.mp4"), "-movflags", "frag_every_frame+empty_moov+default_base_moof"],
  ],
  ["frag_offset.mp4", [...copyOf("cfr_b.mp4"), "-movflags", "frag_keyframe"]],
  ["remux.mkv", copyOf("cfr_b.mp4")],
  ["nocues.mkv", [...copyOf("cfr_b.mp4"), "-f", "matroska", "-live", "1"]],
  ["plain.ts", [...copyOf("cfr_b.mp4"), "-f", "mpegts"]],
  ["wrap.ts", [...copyOf("cfr_b.mp4"), "-f", "mpegts", "-output_ts_offset", "95442.2"]],
  ["bluray.m2ts", [...copyOf("cfr_b.mp4"), "-f", "mpegts", "-mpegts_m2ts_mode", "1"]],
  ["hevc.ts", [...copyOf("open_gop_hevc.mp4"), "-f", "mpegts"]],
  ["raw.h264", [...copyOf("cfr_b.mp4"), "-bsf:v", "h264_mp4toannexb", "-f", "h264"]],
  ["rot90.mp4", [...copyOf("cfr_b.mp4"), "-metadata:s:v", "rotate=90"]],
  ["h264.avi", [...copyOf("cfr_ip.mp4"), "-f", "avi"]],
  // Codecs
  [
    "vp9.webm",
    [
      ...from(TWO_SECONDS),
      "-c:v",
      "libvpx-vp9",
      "-cpu-used",
      "8",
      "-deadline",
      "realtime",
      "-threads",
      "1",
      "-g",
      "30",
      "-auto-alt-ref",
      "0",
    ],
  ],
  [
    "vp9_altref.webm",
    [
      ...from(TWO_SECONDS),
      "-c:v",
      "libvpx-vp9",
      "-cpu-used",
      "6",
      "-deadline",
      "good",
      "-threads",
      "1",
      "-g",
      "30",
      "-auto-alt-ref",
      "1",
      "-lag-in-frames",
      "16",
    ],
  ],
  ["vp9.mp4", copyOf("vp9.webm")],
  [
    "vp8.webm",
    [
      ...from(TWO_SECONDS),
      "-c:v",
      "libvpx",
      "-cpu-used",
      "8",
      "-deadline",
      "realtime",
      "-threads",
      "1",
      "-g",
      "30",
    ],
  ],
  [
    "vp8_altref.webm",
    [
      ...from(TWO_SECONDS),
      "-c:v",
      "libvpx",
      "-cpu-used",
      "4",
      "-deadline",
      "good",
      "-threads",
      "1",
      "-g",
      "30",
      "-auto-alt-ref",
      "1",
      "-lag-in-frames",
      "16",
    ],
  ],
  [
    "av1.mp4",
    [
      ...from(TWO_SECONDS),
      "-c:v",
      "libsvtav1",
      "-preset",
      "12",
      "-g",
      "30",
      "-svtav1-params",
      "lp=1",
    ],
  ],
  ["av1.mkv", copyOf("av1.mp4")],
  ["mpeg4_b.avi", [...from(TWO_SECONDS), "-c:v", "mpeg4", "-bf", "2", "-g", "15", "-threads", "1"]],
  ["mpeg4_b.mp4", [...from(TWO_SECONDS), "-c:v", "mpeg4", "-bf", "2", "-g", "15", "-threads", "1"]],
  [
    "mpeg2.ts",
    [
      ...from(TWO_SECONDS),
      "-c:v",
      "mpeg2video",
      "-bf",
      "2",
      "-g",
      "15",
      "-threads",
      "1",
      "-q:v",
      "3",
      "-f",
      "mpegts",
    ],
  ],
  ["mjpeg.avi", [...from(TWO_SECONDS), "-c:v", "mjpeg", "-threads", "1", "-q:v", "3"]],
  [
    "prores.mov",
    [
      ...from(
        picture("30", 1, "yuv422p10le")
          .replaceAll(",235,16)", ",940,64)")
          .replaceAll(",128,", ",512,"),
      ),
      "-c:v",
      "prores_ks",
      "-threads",
      "1",
    ],
    THIRTY,
  ],
  // Streams
  [
    "multi.mp4",
    [
      ...from(TWO_SECONDS),
      ...from("testsrc=s=96x64:r=25:d=2,format=yuv420p"),
      ...from("sine=d=2"),
      "-map",
      "0",
      "-map",
      "1",
      "-map",
      "2",
      ...H264,
      "-g",
      "15",
      "-c:a",
      "aac",
    ],
  ],
  ["one_frame.mp4", [...from(picture("30", 1)), "-frames:v", "1", ...H264], [0]],
];

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
  ["dropped_pkt.mp4", [...copyOf("cfr_b.mp4"), "-bsf:v", "noise=drop=eq(n\\,25)"], SIXTY.filter((number) => number !== 25)],
  ["noinitkey.ts", [...copyOf("plain.ts"), "-bsf:v", "noise=drop=eq(n\\,0)", "-f", "mpegts"], span(1, 60)],
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
  ...clipsOf(SOUND, "sound", true),
  ...clipsOf(FORMATS, "sound", false),
  ...clipsOf(ODD, "odd", true),
  ...clipsOf(DAMAGED, "damaged", true),
];
