import type { EncodedImage, Region, Rotation, VideoCodec, VideoFrame } from "@millrace/media";
import type { Observable } from "rxjs";
import type { Exactness } from "./access/stored-frame.ts";
import type { ContainerName } from "./container/video-track.ts";
import type { TimeRule, VideoIndex } from "./index/video-index.ts";

/** What a video is. */
export interface VideoInfo {
  /** Where it comes from; without credentials. */
  readonly name: string;
  readonly container: ContainerName;
  readonly codec: VideoCodec;
  /** WebCodecs codec string. */
  readonly codecString: string;
  /** Pixels in memory, before rotation. */
  readonly codedWidth: number;
  readonly codedHeight: number;
  /** Pixels as shown, after rotation and with square pixels. */
  readonly displayWidth: number;
  readonly displayHeight: number;
  /** Degrees clockwise. */
  readonly rotation: Rotation;
  readonly frameCount: number;
  readonly keyFrameCount: number;
  /** Frames a second in the mean; frames need not be evenly spaced. */
  readonly fps: number;
  /** Seconds from the first frame to the end of the last. */
  readonly duration: number;
  /** When the first frame is shown, in seconds; not always 0. */
  readonly startTime: number;
  /** What was wrong with the container and did not hinder, in words. */
  readonly warnings: readonly string[];
}

/** Which frame it is, and how it was come by. */
export interface FrameInfo {
  /** Its number, from 0, in the order in which frames are shown. */
  readonly index: number;
  /** When it is shown, in ticks of the track. */
  readonly pts: number;
  /** When it is shown, in seconds on the track's clock. */
  readonly time: number;
  /** How long it is shown, in seconds. */
  readonly duration: number;
  readonly key: boolean;
  readonly exactness: Exactness;
  readonly source: "cache" | "decode";
  readonly timing: VideoTiming;
}

/** Where the time of a request went, in milliseconds. */
export interface VideoTiming {
  readonly queueMs: number;
  readonly decodeMs: number;
  /** Scaling and encoding of a picture. */
  readonly encodeMs: number;
  readonly totalMs: number;
}

/** A frame's pixels: the receiver's own, to be closed. */
export type RawFrame = FrameInfo &
  Disposable &
  (
    | { readonly status: "ok" | "concealed"; readonly frame: VideoFrame }
    | { readonly status: "missing"; readonly frame: undefined }
  );

/** A frame as a still picture. */
export type StillFrame = FrameInfo &
  (
    | { readonly status: "ok" | "concealed"; readonly image: EncodedImage }
    | { readonly status: "missing"; readonly image: undefined }
  );

/** What any request for frames may be told. */
export interface FrameRequest {
  readonly signal?: AbortSignal;
}

/** What a request for still pictures may be told. */
export interface StillRequest extends FrameRequest {
  readonly as: "jpeg" | "png";
  /** 1 to 100, of a JPEG. @defaultValue 85 */
  readonly quality?: number;
  /** Pixels; one of both keeps the shape. @defaultValue the video's */
  readonly width?: number;
  readonly height?: number;
  /** What of the coded picture to take. @defaultValue all of it */
  readonly roi?: Region;
}

/** Which frames an iteration passes. */
export interface FrameRange {
  /** @defaultValue 0 */
  readonly from?: number;
  /** Behind the last one. @defaultValue the end */
  readonly to?: number;
  /** Every how-manieth. Negative goes backwards. @defaultValue 1 */
  readonly stride?: number;
}

/** What a video has done so far. */
export interface VideoStats {
  /** Packets that were decoded. */
  readonly decodedPackets: number;
  /** Runs of packets from a key packet on. */
  readonly runs: number;
  readonly requests: number;
  /** Requests that were answered from the cache. */
  readonly hits: number;
  /** Frames that were put into the cache for nobody yet, and those of them that somebody asked for. */
  readonly prefetched: number;
  readonly prefetchedUsed: number;
}

/**
 * One open video: any frame, by number or time, exactly.
 *
 * Requests may overlap; those that are made together are decoded together, and a frame is decoded once however many
 * ask for it.
 */
export interface Video extends AsyncDisposable {
  readonly info: VideoInfo;
  readonly index: VideoIndex;
  /**
   * The index as it is, and then each better one: a look into the bitstream may find that a key frame of the container
   * is none. Numbers and times of frames stay. Completes when the video is closed.
   */
  readonly index$: Observable<VideoIndex>;
  readonly stats: VideoStats;
  /**
   * The frame of a number, as a still picture.
   *
   * @throws MillraceError as the other form
   */
  frameAt(frame: number, request: StillRequest): Promise<StillFrame>;
  /**
   * The frame of a number.
   *
   * @throws MillraceError NOT_FOUND when there is no such number, INVALID_OPTION when it is none or when what the
   * request says cannot be
   */
  frameAt(frame: number, request?: FrameRequest): Promise<RawFrame>;
  /**
   * The frame at a time, as a still picture.
   *
   * @throws MillraceError as the other form
   */
  frameAtTime(
    seconds: number,
    request: StillRequest & { readonly rule?: TimeRule },
  ): Promise<StillFrame>;
  /**
   * The frame at a time.
   *
   * @param seconds - on the track's clock, which begins at {@link VideoInfo.startTime}
   * @param request - `rule` says which frame, when none begins then: `"at-or-before"`, what a player shows, unless given
   * @throws MillraceError NOT_FOUND when no frame satisfies the rule
   */
  frameAtTime(
    seconds: number,
    request?: FrameRequest & { readonly rule?: TimeRule },
  ): Promise<RawFrame>;
  /** Several frames at once, as still pictures. */
  framesAt(frames: readonly number[], request: StillRequest): Promise<readonly StillFrame[]>;
  /** Several frames at once, in the order of the numbers, which may repeat. Nothing is decoded twice. */
  framesAt(frames: readonly number[], request?: FrameRequest): Promise<readonly RawFrame[]>;
  /** Frames one after another, as still pictures. */
  frames(range: FrameRange, request: StillRequest): AsyncIterableIterator<StillFrame>;
  /** Frames one after another; a slow receiver stops the decoding. */
  frames(range?: FrameRange, request?: FrameRequest): AsyncIterableIterator<RawFrame>;
  /**
   * Small pictures of key frames, spread evenly over the video: what costs least to decode.
   *
   * @param count - how many; fewer where there are fewer key frames
   * @param request - `width` is 160 unless it says otherwise
   */
  thumbnails(count: number, request?: Partial<StillRequest>): Promise<readonly StillFrame[]>;
  /** The number of the key frame at or before a time. */
  nearestKey(seconds: number): number;
  /** Rejects what is awaited with CLOSED, and lets go of decoders, cached frames and the source. */
  close(): Promise<void>;
}
