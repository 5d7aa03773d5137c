import type { EncodedVideoFamily, VideoDecoderConfig } from "@millrace/media";
import type { Observable } from "rxjs";
import type { EncodedFrame } from "./encoded-frame.ts";

/** JPEGs of a stream. */
export interface PictureSpec {
  /** Pixels; one of both keeps the shape. @defaultValue those of the source */
  readonly width?: number;
  readonly height?: number;
  /** 1 to 100. @defaultValue 80 */
  readonly quality?: number;
  /** Frames a second at most. @defaultValue every frame of the source */
  readonly framerate?: number;
}

/** Encoded video of a stream. */
export interface VideoSpec {
  readonly family: EncodedVideoFamily;
  /** Pixels, even numbers; one of both keeps the shape. @defaultValue those of the source */
  readonly width?: number;
  readonly height?: number;
  /** Rows at most: a source that has fewer stays as it is. Counts where neither side is given. */
  readonly maxHeight?: number;
  /** Bits a second to begin with. @defaultValue 2,000,000 */
  readonly bitrate?: number;
  /** Frames a second at most. @defaultValue every frame of the source */
  readonly framerate?: number;
  /**
   * What tells two renditions apart that are equal otherwise, such as one that follows a single viewer's road.
   *
   * @defaultValue `""`
   */
  readonly variant?: string;
}

/** One form of a stream, made once for all who watch it, and only while somebody does. */
export interface Rendition {
  /** In words, such as `"jpeg q80"` or `"h264 1280×720"`. */
  readonly label: string;
  /** Whether somebody watches, so that it is being made. */
  readonly isMade: boolean;
  /**
   * Frames as they are made, newest wins: what comes while a frame is being encoded replaces the one that waits.
   * Ends when the stream ends; fails when the encoder does. Hot: who comes late gets the next one.
   */
  readonly frames$: Observable<EncodedFrame>;
  /** The newest frame made, while somebody watches. */
  readonly latest: EncodedFrame | undefined;
}

/** Encoded video, which viewers can steer. */
export interface VideoRendition extends Rendition {
  /** What a decoder needs; undefined before the first frame. */
  readonly decoderConfig: VideoDecoderConfig | undefined;
  /**
   * Asks for a key frame. Requests that come within 250 ms of a key frame are answered together by one at the end of
   * that time; none is lost.
   */
  requestKeyFrame(): void;
  /** Bits a second that the encoder aims at. */
  readonly bitrate: number;
  /** Aims at another one from the next frame on. */
  setBitrate(bitrate: number): void;
}
