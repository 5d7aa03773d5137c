import { openFrameCount, type VideoFrame, videoFrame } from "@millrace/media";
import type { FrameRange, FrameRequest, RawFrame, Video } from "../../video.ts";

/** What {@link fakeVideo} plays. */
export interface FakeVideoOptions {
  readonly frameCount: number;
  /** @defaultValue 64 × 48 */
  readonly width?: number;
  readonly height?: number;
  /** @defaultValue 25 */
  readonly fps?: number;
  /** When frame `index` is shown, in seconds. @defaultValue `index / fps` */
  readonly timeOf?: (index: number) => number;
  /** Paints frame `index`: RGB, three bytes a pixel. @defaultValue grey by its number */
  readonly paint?: (data: Uint8Array, index: number) => void;
  /** Frames that cannot be decoded. */
  readonly missing?: readonly number[];
  /** Thrown in place of this frame. */
  readonly failAt?: { readonly index: number; readonly error: unknown };
}

/** A video of RGB frames that are made as they are asked for, and what was asked of it. */
export interface FakeVideo {
  readonly video: Pick<Video, "frames">;
  /** Numbers of the frames that were handed out. */
  readonly handedOut: readonly number[];
  /** Frames that are open, of this video and any other. */
  openFrames(): number;
}

/** Makes a video without a file, for tests of what reads frames one after another. */
export function fakeVideo(options: FakeVideoOptions): FakeVideo {
  const { frameCount, width = 64, height = 48, fps = 25, missing = [], failAt } = options;
  const timeOf = options.timeOf ?? ((index: number) => index / fps);
  const handedOut: number[] = [];
  const frameOf = (index: number): VideoFrame => {
    const data = new Uint8Array(3 * width * height).fill(index);
    options.paint?.(data, index);
    return videoFrame({
      format: "RGB",
      codedWidth: width,
      codedHeight: height,
      pts: Math.round(timeOf(index) * 90_000),
      timeBase: { num: 1, den: 90_000 },
      data,
    });
  };
  async function* frames(
    { from = 0, to = frameCount, stride = 1 }: FrameRange = {},
    { signal }: FrameRequest = {},
  ): AsyncGenerator<RawFrame, void> {
    const numbers = Array.from({ length: to - from }, (_, i) => from + i);
    if (stride < 0) numbers.reverse();
    for (const index of numbers.filter((_, i) => i % Math.abs(stride) === 0)) {
      signal?.throwIfAborted();
      if (index === failAt?.index) throw failAt.error;
      const frame = missing.includes(index) ? undefined : frameOf(index);
      handedOut.push(index);
      const about = {
        index,
        pts: Math.round(timeOf(index) * 90_000),
        time: timeOf(index),
        duration: 1 / fps,
        key: index === 0,
        exactness: "verified" as RawFrame["exactness"],
        source: "decode" as const,
        timing: { queueMs: 0, decodeMs: 0, encodeMs: 0, totalMs: 0 },
        [Symbol.dispose]: () => frame?.close(),
      };
      yield frame
        ? { ...about, status: "ok", frame }
        : { ...about, status: "missing", frame: undefined };
    }
  }
  return {
    video: { frames: frames as Video["frames"] },
    handedOut,
    openFrames: openFrameCount,
  };
}
