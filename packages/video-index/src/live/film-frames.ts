import { MillraceError } from "@millrace/core";
import type { VideoFrame } from "@millrace/media";
import type { RawFrame, Video } from "../video.ts";

/** A frame of a film that goes on, the receiver's own. */
export interface FilmFrame {
  readonly index: number;
  /** Seconds on the track's clock. */
  readonly time: number;
  /** Microseconds from the first frame of the first pass; goes on over passes. */
  readonly filmUs: number;
  readonly frame: VideoFrame;
}

/** What {@link filmFrames} takes. */
export interface FilmOptions {
  readonly fps: number | undefined;
  readonly loop: boolean;
  readonly from: number;
  readonly signal: AbortSignal;
}

/** Frames that are decoded together: enough to keep a decoder busy, few enough to be held in memory at any size. */
const TOGETHER = 4;
/** Times are rounded to ticks of the track; that must not move a frame into the slot before its own. */
const TOLERANCE_US = 1_000;
/** A single frame may last no time at all; it is not to be shown without a pause. */
const SHORTEST_PASS_US = 40_000;

/** The frames of a video in their order, again and again if asked to. What cannot be decoded is left out. */
export async function* filmFrames(
  video: Pick<Video, "frames" | "info">,
  { fps, loop, from, signal }: FilmOptions,
): AsyncGenerator<FilmFrame, void> {
  const intervalUs = fps === undefined ? 0 : 1_000_000 / fps;
  let passUs = 0;
  let lastSlot = -1;
  for (let first = from; ; first = 0) {
    let startTime: number | undefined;
    let end = 0;
    let decoded = 0;
    for await (const raw of framesFrom(video, first, signal)) {
      startTime ??= raw.time;
      end = raw.time + raw.duration - startTime;
      const { index, time, frame } = raw;
      const filmUs = passUs + (time - startTime) * 1_000_000;
      const slot = intervalUs === 0 ? 0 : Math.floor((filmUs + TOLERANCE_US) / intervalUs);
      if (frame === undefined) continue;
      decoded++;
      if (intervalUs > 0 && slot === lastSlot) {
        frame.close();
        continue;
      }
      lastSlot = slot;
      yield { index, time, filmUs, frame };
    }
    if (!loop) return;
    if (decoded === 0) {
      throw new MillraceError(
        "CORRUPT_INPUT",
        `No frame of ${video.info.name} from number ${first} on can be decoded; there is nothing to play.`,
      );
    }
    passUs += Math.max(end * 1_000_000, SHORTEST_PASS_US);
  }
}

async function* framesFrom(
  video: Pick<Video, "frames" | "info">,
  first: number,
  signal: AbortSignal,
): AsyncGenerator<RawFrame, void> {
  const { frameCount } = video.info;
  for (let from = first; from < frameCount; from += TOGETHER) {
    yield* video.frames({ from, to: Math.min(from + TOGETHER, frameCount) }, { signal });
  }
}
