import { frameBytes } from "../video/pixel-format.ts";
import { type VideoFrame, videoFrame } from "../video/video-frame.ts";

/** What {@link testPattern} may be told. */
export interface TestPatternOptions {
  /** At least 192, 16 for each bit of the number. @defaultValue 320 */
  readonly width?: number;
  /** @defaultValue 180 */
  readonly height?: number;
  /** Frames a second. @defaultValue 30 */
  readonly framerate?: number;
  /** @defaultValue 60 */
  readonly frames?: number;
  /** Levels of noise beneath the bar, the same in every run, which give an encoder something to do. @defaultValue 0 */
  readonly noise?: number;
}

const BITS = 12;
const BIT_WIDTH = 16;
const BAR_HEIGHT = 16;

/**
 * Frames in I420 whose number is in their pixels: a bar of twelve bits along the top, the lowest one left, over a
 * moving gradient. {@link readPatternNumber} reads it back after any encoder. Who receives a frame closes it.
 */
export function* testPattern(
  options: TestPatternOptions = {},
): Generator<VideoFrame, void, undefined> {
  const { width = 320, height = 180, framerate = 30, frames = 60, noise = 0 } = options;
  let state = 1;
  /** The linear congruential generator of Numerical Recipes. */
  const grain = (): number => {
    if (noise === 0) return 0;
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 16) % noise;
  };
  for (let number = 0; number < frames; number++) {
    const data = new Uint8Array(frameBytes("I420", width, height)).fill(128);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        data[y * width + x] =
          y < BAR_HEIGHT ? barLuma(number, x) : 40 + ((x + y + 4 * number) % 160) + grain();
      }
    }
    yield videoFrame({
      format: "I420",
      codedWidth: width,
      codedHeight: height,
      colorSpace: { matrix: "bt709", primaries: "bt709", transfer: "bt709", fullRange: false },
      pts: number,
      timeBase: { num: 1, den: framerate },
      duration: 1,
      data,
    });
  }
}

function barLuma(number: number, x: number): number {
  const bit = Math.floor(x / BIT_WIDTH);
  return bit < BITS && (number >> bit) & 1 ? 235 : 16;
}

/** The number in the bar of a frame whose first plane is luma of 8 bits. */
export function readPatternNumber({ data, layout: [luma] }: VideoFrame): number {
  let number = 0;
  for (let bit = 0; bit < BITS; bit++) {
    const x = bit * BIT_WIDTH + BIT_WIDTH / 2;
    const at = (luma?.offset ?? 0) + (BAR_HEIGHT / 2) * (luma?.stride ?? 0) + x;
    if ((data[at] ?? 0) >= 128) number |= 1 << bit;
  }
  return number;
}
