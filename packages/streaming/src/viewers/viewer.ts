/**
 * The life of a viewer: `connecting` until the first frame can be sent, `live`, `stale` when nothing has been heard
 * or taken for a while, `closed`.
 */
export type ViewerState = "connecting" | "live" | "stale" | "closed";

/** Somebody who watches a publication. */
export interface Viewer {
  /** Of this process and not to be guessed: it may stand in an address. */
  readonly id: string;
  readonly transport: string;
  /** When it came, milliseconds of Unix time. */
  readonly sinceMs: number;
  /** As it is at this moment. */
  stats(): ViewerStats;
  /** Sends it away. */
  close(reason?: string): void;
}

/** How one viewer is doing. Rates and ages are of the last seconds. */
export interface ViewerStats {
  readonly id: string;
  readonly transport: string;
  readonly state: ViewerState;
  readonly sinceMs: number;
  /** What it is sent, in words such as `"h264 1280×720 2000 kbit/s"`. */
  readonly rendition: string;
  readonly framesSent: number;
  /** Frames that it did not get because it was slow. */
  readonly framesDropped: number;
  readonly bytesSent: number;
  /** Frames a second that were sent. */
  readonly fps: number;
  /** Bits a second that were sent. */
  readonly bitrate: number;
  /**
   * How old a frame is when the viewer has it, in milliseconds since the hub was given it: acknowledged by the
   * viewer where the transport has acknowledgements, else when its last byte was handed to the system. Null until
   * something is known.
   */
  readonly frameAgeMs: { readonly p50: number; readonly p95: number } | null;
  /** Whether the viewer itself said how old its frames are. */
  readonly isAgeAcknowledged: boolean;
  /** Milliseconds there and back; null where nothing says. */
  readonly rttMs: number | null;
  /** Share of packets that were lost on the way, 0 to 1; null where the transport loses none or nothing says. */
  readonly lossRatio: number | null;
  /** Bits a second that the road is reckoned to carry; null where nothing reckons. */
  readonly targetBitrate: number | null;
}
