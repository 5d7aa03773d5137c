/**
 * What the numbers of a frame mean, in the words of WebCodecs' `VideoColorSpace`, which are those of H.273.
 * `undefined` is what the stream does not say.
 */
export interface VideoColorSpace {
  readonly primaries?: "bt709" | "bt470bg" | "smpte170m" | "bt2020" | "smpte432";
  readonly transfer?: "bt709" | "smpte170m" | "iec61966-2-1" | "linear" | "pq" | "hlg";
  readonly matrix?: "rgb" | "bt709" | "bt470bg" | "smpte170m" | "bt2020-ncl";
  /** Whether luma goes from 0 to 255; else from 16 to 235 (and 10 bits likewise). */
  readonly fullRange?: boolean;
}

/** Luma weights of red and blue; green has the rest. */
export interface LumaWeights {
  readonly red: number;
  readonly blue: number;
}

const BT601: LumaWeights = { red: 0.299, blue: 0.114 };
const BT709: LumaWeights = { red: 0.2126, blue: 0.0722 };
const BT2020: LumaWeights = { red: 0.2627, blue: 0.0593 };

/**
 * The luma weights of a frame (ITU-R BT.601, BT.709, BT.2020). A stream that does not say is taken for BT.709
 * from 720 lines up and BT.601 below, as players do.
 */
export function lumaWeights(space: VideoColorSpace, height: number): LumaWeights {
  switch (space.matrix) {
    case "bt709":
      return BT709;
    case "bt2020-ncl":
      return BT2020;
    case "bt470bg":
    case "smpte170m":
      return BT601;
    default:
      return height >= 720 ? BT709 : BT601;
  }
}
