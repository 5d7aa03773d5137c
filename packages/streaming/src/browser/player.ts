import type { LiveData } from "@millrace/media";

/**
 * The life of a player: `connecting` until the first frame is shown, `live`, `reconnecting` after the connection broke,
 * `ended` when the stream is over, `failed` when trying again would not help, `closed` by the page.
 */
export type PlayerState = "connecting" | "live" | "reconnecting" | "ended" | "failed" | "closed";

/** A frame that has just been shown. */
export interface ShownFrame {
  /** Its number in the server's hub; null where the transport does not tell. */
  readonly sequence: number | null;
  /** Microseconds of the stream. */
  readonly timestamp: number;
  /** What belongs to this frame and has come by now: its detections, captions, events. */
  readonly data: readonly LiveData[];
}

/** How a player is doing. Rates are of the last two seconds. */
export interface PlayerStats {
  readonly state: PlayerState;
  /** Frames shown since the beginning. */
  readonly count: number;
  /** Frames that came and were not shown, as newer ones were there. */
  readonly dropped: number;
  /** Frames that did not come: left out by the server or lost on the way. Of WebRTC, packets. */
  readonly lost: number;
  readonly fps: number;
  /** Bits a second. */
  readonly bitrate: number;
  /** How old the last frame was when it was shown, in milliseconds; null where the server's clock is not known. */
  readonly frameAgeMs: number | null;
  /** Milliseconds there and back; null where nothing says. */
  readonly rttMs: number | null;
}

/** What every player may be told. */
export interface PlayerOptions {
  /** Called behind each frame that was shown. */
  readonly onFrame?: (frame: ShownFrame) => void;
  /**
   * Called for each item of the stream's data as it comes, before its frame is shown or after.
   *
   * @param isOfShownFrame - whether its frame is the one on the screen
   */
  readonly onData?: (item: LiveData, isOfShownFrame: boolean) => void;
  /** Called at each change; `reason` says why, in words. */
  readonly onState?: (state: PlayerState, reason: string) => void;
  /** Called every second. */
  readonly onStats?: (stats: PlayerStats) => void;
  /**
   * What to add to this page's clock for the server's, in milliseconds; 0 on one machine. Over a WebSocket the server
   * tells its time, and it need not be given.
   */
  readonly clockOffsetMs?: number;
  /** Attempts to connect again, one after another, before the player fails. @defaultValue any number */
  readonly maxAttempts?: number;
}

/** Something that plays. */
export interface Player {
  readonly state: PlayerState;
  /** As it is at this moment. */
  stats(): PlayerStats;
  /** Stops and frees what it holds; what was shown last stays on the screen. */
  close(): void;
}
