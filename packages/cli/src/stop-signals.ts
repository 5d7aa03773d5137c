import { MillraceError } from "@millrace/core";
import { type CommandIo, clearLine } from "./command-io.ts";

/** What ends a command before its time: the user, or a plugin that never settles. */
export interface StopSignals {
  /** Asks the work to end; plugins may still let go in order. */
  readonly asked: AbortSignal;
  /** Ends the waiting for work that was asked to end and does not. */
  readonly forced: AbortSignal;
  /** Whether it was the user. */
  readonly interrupted: boolean;
  /** Names who is waited for from now on: `Sink "mine"`. */
  waitFor(what: string): void;
  /** Stops listening. */
  end(): void;
}

/** Listens until `end()`. */
export function listenForStops(io: CommandIo): StopSignals {
  const asked = new AbortController();
  const forced = new AbortController();
  let interrupted = false;
  let waitedFor = "The command";
  const stopListening = io.onInterrupt(() => {
    interrupted = true;
    io.stderr.write(`${clearLine(io.stderr)}Stopping; once more stops at once.\n`);
    asked.abort(new MillraceError("ABORTED", "Interrupted."));
  });
  const stopWatching = io.onIdle?.(() => {
    if (asked.signal.aborted) forced.abort(asked.signal.reason);
    const message = `${waitedFor} never settles: nothing is left that it could be waiting for.`;
    asked.abort(new MillraceError("INTERNAL", message));
  });
  return {
    asked: asked.signal,
    forced: forced.signal,
    get interrupted() {
      return interrupted;
    },
    waitFor(what) {
      waitedFor = what;
    },
    end() {
      stopListening();
      stopWatching?.();
    },
  };
}
