import { MillraceError } from "@millrace/core";
import {
  frameBytes,
  lumaWeights,
  packFrame,
  planeLayouts,
  type VideoFrame,
  videoFrame,
} from "@millrace/media";

/** Red, green, blue, each 0 to 255. */
export type Color = readonly [number, number, number];

/** A copy of a frame to draw on. The frame itself is never changed. */
export interface Canvas {
  /** Coded pixels. */
  readonly width: number;
  readonly height: number;
  /**
   * Colours pixels beside each other; what lies outside of the picture is left out.
   *
   * @param x - the first pixel; a whole number, like `y` and `length`
   * @param opacity - 0 leaves what is there, 1 covers it. @defaultValue 1
   */
  run(x: number, y: number, length: number, color: Color, opacity?: number): void;
  /** What was drawn, as a frame with the times and the colour space of the first one. Drawing ends with it. */
  toFrame(): VideoFrame;
}

type RunPainter = (
  x: number,
  y: number,
  end: number,
  color: readonly number[],
  opacity: number,
) => void;

/**
 * Copies a frame to draw on it.
 *
 * @param frame - in RGB, RGBA, BGRA, I420 or NV12; stays its owner's, and may be closed at once
 * @throws MillraceError UNSUPPORTED for any other format
 * @example
 * ```ts
 * import { videoFrame } from "@millrace/media";
 * import { fillRectangle, frameCanvas } from "@millrace/video-index/tasks";
 *
 * using frame = videoFrame({
 *   format: "RGB",
 *   codedWidth: 4,
 *   codedHeight: 2,
 *   pts: 0,
 *   timeBase: { num: 1, den: 25 },
 *   data: new Uint8Array(24),
 * });
 * const canvas = frameCanvas(frame);
 * fillRectangle(canvas, { x: 0, y: 0, width: 2, height: 2 }, [255, 0, 0]);
 * using drawn = canvas.toFrame();
 * console.log(drawn.data[0], frame.data[0]); // 255 0
 * ```
 */
export function frameCanvas(frame: VideoFrame): Canvas {
  const { format, codedWidth: width, codedHeight: height } = frame;
  const data = new Uint8Array(frameBytes(format, width, height));
  const paint = painter(frame, data);
  packFrame(frame, data);
  return {
    width,
    height,
    run(x, y, length, color, opacity = 1) {
      const start = Math.max(0, x);
      const end = Math.min(width, x + length);
      if (y >= 0 && y < height && start < end) paint(start, y, end, color, opacity);
    },
    toFrame: () =>
      videoFrame({
        format,
        codedWidth: width,
        codedHeight: height,
        displayWidth: frame.displayWidth,
        displayHeight: frame.displayHeight,
        rotation: frame.rotation,
        colorSpace: frame.colorSpace,
        pts: frame.pts,
        timeBase: frame.timeBase,
        duration: durationTicks(frame),
        data,
      }),
  };
}

/** A frame tells its duration in microseconds and takes it in ticks. */
function durationTicks({ duration, timeBase }: VideoFrame): number | null {
  return duration === null ? null : (duration * timeBase.den) / (timeBase.num * 1e6);
}

function painter(frame: VideoFrame, data: Uint8Array): RunPainter {
  switch (frame.format) {
    case "RGB":
      return packedPainter(data, frame.codedWidth, 3, [0, 1, 2]);
    case "RGBA":
      return packedPainter(data, frame.codedWidth, 4, [0, 1, 2]);
    case "BGRA":
      return packedPainter(data, frame.codedWidth, 4, [2, 1, 0]);
    case "I420":
    case "NV12":
      return planarPainter(frame, data);
    default:
      throw new MillraceError(
        "UNSUPPORTED",
        `Frames in ${frame.format} cannot be drawn on. Convert them with FrameScaler.scale(frame, { format: "RGB" }).`,
      );
  }
}

function packedPainter(
  data: Uint8Array,
  width: number,
  samples: number,
  order: readonly [number, number, number],
): RunPainter {
  return (x, y, end, color, opacity) => {
    for (let at = samples * (y * width + x); at < samples * (y * width + end); at += samples) {
      for (let i = 0; i < 3; i++) {
        mix(data, at + (order[i] as number), color[i] as number, opacity);
      }
    }
  };
}

function planarPainter(frame: VideoFrame, data: Uint8Array): RunPainter {
  const { format, codedWidth, codedHeight, colorSpace } = frame;
  const [, second, third] = planeLayouts(format, codedWidth, codedHeight);
  const interleaved = format === "NV12";
  const chroma = {
    u: second?.offset ?? 0,
    v: interleaved ? (second?.offset ?? 0) + 1 : (third?.offset ?? 0),
    stride: second?.stride ?? 0,
    step: interleaved ? 2 : 1,
  };
  const weights = lumaWeights(colorSpace, codedHeight);
  const scale = colorSpace.fullRange
    ? { luma: 1, floor: 0, chroma: 255 }
    : { luma: 219 / 255, floor: 16, chroma: 224 };
  return (x, y, end, color, opacity) => {
    const [red = 0, green = 0, blue = 0] = color;
    const bright =
      weights.red * red + weights.blue * blue + (1 - weights.red - weights.blue) * green;
    const luma = scale.floor + scale.luma * bright;
    const u = 128 + (scale.chroma * (blue - bright)) / (2 * (1 - weights.blue) * 255);
    const v = 128 + (scale.chroma * (red - bright)) / (2 * (1 - weights.red) * 255);
    const row = (y >> 1) * chroma.stride;
    for (let at = x; at < end; at++) {
      mix(data, y * codedWidth + at, luma, opacity);
      // One chroma sample belongs to four pixels, and is mixed once; only full cover may be repeated.
      if (opacity < 1 && ((at & 1) !== 0 || (y & 1) !== 0)) continue;
      mix(data, chroma.u + row + (at >> 1) * chroma.step, u, opacity);
      mix(data, chroma.v + row + (at >> 1) * chroma.step, v, opacity);
    }
  };
}

function mix(data: Uint8Array, at: number, value: number, opacity: number): void {
  const mixed = (data[at] as number) * (1 - opacity) + value * opacity;
  data[at] = Math.min(255, Math.max(0, Math.round(mixed)));
}
