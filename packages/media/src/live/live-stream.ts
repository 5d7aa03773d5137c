import type { Observable } from "rxjs";
import type { AudioData } from "../audio/audio-data.ts";
import type { VideoFrame } from "../video/video-frame.ts";

/** What goes along with pictures: detections, captions, events. */
export interface LiveData {
  /** What it is, such as `"detections"`. */
  readonly kind: string;
  /** Of the frame that it belongs to, in microseconds. */
  readonly timestamp: number;
  readonly value: unknown;
}

/** The time of a stream. */
export interface MediaClock {
  /** What is due now, in microseconds of the stream's timestamps. */
  now(): number;
}

/**
 * Pictures, sound and data on one clock. Who is slow loses the oldest: nothing here waits.
 *
 * Frames on `video$` are borrowed: valid during the synchronous `next()`, `clone()` to keep.
 */
export interface LiveStream {
  readonly video$?: Observable<VideoFrame>;
  readonly audio$?: Observable<AudioData>;
  readonly data$?: Observable<LiveData>;
  readonly clock: MediaClock;
}
