import type { VideoFrame } from "../video/video-frame.ts";

/** What a {@link CaptureBackend} opens: an address, or a device of this machine. */
export interface CaptureOptions {
  /** Such as `"rtsp://camera/stream"`; this or `device`. */
  readonly url?: string;
  /** A camera as the system names it, such as `"/dev/video0"`. */
  readonly device?: string;
  /** How to read it, in the backend's words, such as `"mpjpeg"` or `"v4l2"`. @defaultValue what the backend finds out */
  readonly format?: string;
  /**
   * Protocols that may be used, also by what the address leads to, such as `["http", "tcp"]`. @defaultValue `[]`, which
   * is enough for a device
   */
  readonly protocols?: readonly string[];
  /**
   * Environment of the program that reads the source, where one is started for it: with `http_proxy`, ffmpeg asks for
   * everything over HTTP and HTTPS there, also for what a redirect or a playlist leads to (`protocols` must name
   * `"httpproxy"` for HTTPS). @defaultValue that of this process
   */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /**
   * Whether frames are given out at the pace of their times, as a file or the pieces of HLS need it; otherwise as they
   * come. @defaultValue false
   */
  readonly isPaced?: boolean;
  /** Whether the time at which a frame came is its time, where the format itself has none. @defaultValue false */
  readonly isStampedOnArrival?: boolean;
  /** What a device is asked for: frames a second. */
  readonly framerate?: number;
  /** Size in pixels: what a device is asked for, and what other pictures are scaled to. Both or none. */
  readonly width?: number;
  readonly height?: number;
  readonly signal?: AbortSignal;
}

/** A source that runs. */
export interface Capture extends AsyncDisposable {
  /**
   * Frames, once, each the receiver's own, with the source's own times. Newest wins: a receiver that is slow loses the
   * oldest of the few that wait. Ends when the source does.
   *
   * @throws MillraceError REMOTE_FAILED, retryable, when the source cannot be had or breaks; `signal.reason` when
   *   aborted
   */
  readonly frames: AsyncIterable<VideoFrame>;
  /** Frames that were lost because the receiver was slow. */
  readonly framesDropped: number;
  /** Leaves the source; settles when nothing of it runs any more. */
  close(): Promise<void>;
}

/** What reads cameras, as a plugin. */
export interface CaptureBackend {
  /** Version of this contract. */
  readonly apiVersion: 1;
  readonly name: string;
  /**
   * Opens a source; what is wrong with it is told by its frames.
   *
   * @throws MillraceError INVALID_OPTION for a source that cannot be, MISSING_DEPENDENCY when the library is not
   *   installed
   */
  open(options: CaptureOptions): Promise<Capture>;
}
