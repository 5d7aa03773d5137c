import type { OriginOutcome } from "./origin.ts";

/** A run began: its plugins are about to be opened. */
export interface RunStartEvent {
  readonly type: "run-start";
  /** Name of the source. */
  readonly source: string;
  /** Name of the sink. */
  readonly sink: string;
}

/** An origin was read to its end. Sources and parsers emit exactly one for each origin. */
export interface OriginReadEvent {
  readonly type: "origin-read";
  /** The origin, as in the shares of its items. */
  readonly origin: string;
  /** How the reading ended. */
  readonly outcome: OriginOutcome;
  /** What it delivers in all, in the flow's unit; items already sent and items still to come. */
  readonly count: number;
  /** What it held but a filter left out. */
  readonly filtered: number;
  /** What was wrong with it, one sentence each; the reason of a skip. */
  readonly problems: readonly string[];
}

/** Everything that an origin delivers was accepted by the sink. Follows its `origin-read`. */
export interface OriginAcceptEvent {
  readonly type: "origin-accept";
  readonly origin: string;
  /** Equal to the count of its `origin-read`. */
  readonly count: number;
}

/** Everything that an origin delivers would survive a crash of the sink's server. */
export interface OriginDurableEvent {
  readonly type: "origin-durable";
  readonly origin: string;
  /** Equal to the count of its `origin-read`. */
  readonly count: number;
}

/** Something a person should know and that does not stop the run. */
export interface WarningEvent {
  readonly type: "warning";
  /** One sentence or two: what, which, what to do. */
  readonly message: string;
  /** Plain data for machines. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A fact that a plugin publishes about its own domain; the name says whose: `ingest:array`. */
export interface DomainEvent {
  readonly type: `${string}:${string}`;
  /** Plain data; the plugin documents its shape. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** The run ended well; the last event. */
export interface RunDoneEvent {
  readonly type: "run-done";
  readonly elapsedMs: number;
}

/** The run failed or was aborted; the last event. */
export interface RunErrorEvent {
  readonly type: "run-error";
  readonly elapsedMs: number;
  /** What `run.result` rejects with. */
  readonly error: unknown;
}

/** Everything that `run.events$` says. */
export type RunEvent =
  | RunStartEvent
  | OriginReadEvent
  | OriginAcceptEvent
  | OriginDurableEvent
  | WarningEvent
  | DomainEvent
  | RunDoneEvent
  | RunErrorEvent;
