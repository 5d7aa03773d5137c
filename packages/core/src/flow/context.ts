import type { Logger } from "../logger.ts";
import type { RunEvent } from "./run-event.ts";

/**
 * Counters of what a run reads. A source sets the totals as soon as it knows them and adds to the
 * rest as it goes; `run.progress$` samples them. Plain numbers, because sources touch them per file.
 */
export interface ReadMeter {
  /** Bytes read so far, as stored in the source (compressed). */
  bytes: number;
  /** Bytes to read in all; 0 while unknown. */
  bytesTotal: number;
  /** Origins whose reading has ended, well or not. */
  origins: number;
  /** Origins in all; 0 while unknown. */
  originsTotal: number;
}

/** What every plugin of a run is handed. Fields do not change during the run. */
export interface RunContext {
  /** The one way to cancel: pass it to every call underneath and reject with its `reason`. */
  readonly signal: AbortSignal;
  /** Where to write what only an operator needs. */
  readonly logger: Logger;
  /** What was read so far. */
  readonly meter: ReadMeter;
  /** Publishes an event on `run.events$`. */
  emit(event: RunEvent): void;
}
