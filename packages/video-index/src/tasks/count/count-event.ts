/** An object went over a line. */
export interface LineCrossEvent {
  readonly type: "line-cross";
  readonly line: string;
  /** `"in"` goes from the left of the line to its right, as one sees it who walks from `from` to `to`. */
  readonly direction: "in" | "out";
  readonly trackId: number;
  readonly className: string;
  /** Seconds: when it was on the line, between two frames. */
  readonly time: number;
  /** Where on the line, from 0 at `from` to 1 at `to`. */
  readonly position: number;
}

/** An object came into a zone or left it. */
export interface ZoneEvent {
  readonly type: "zone-enter" | "zone-leave";
  readonly zone: string;
  readonly trackId: number;
  readonly className: string;
  /** Seconds: the first frame inside, or the last one. */
  readonly time: number;
  /** How long it has been inside. */
  readonly dwellSeconds: number;
}

/** What happened at a line or a zone. */
export type CountEvent = LineCrossEvent | ZoneEvent;
