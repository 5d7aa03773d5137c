import { abortable, MillraceError } from "@millrace/core";

/** What {@link createAdmission} may be told. */
export interface AdmissionOptions {
  /** Viewers that may be there at once. @defaultValue 200 */
  readonly maxViewers?: number;
  /**
   * Viewers that may be joining at once: a join over WebRTC costs 20 ms of computing, and a hundred together would
   * hold up the frames of everybody else. @defaultValue 4
   */
  readonly concurrentJoins?: number;
  /** Viewers that may wait for their turn to join. @defaultValue 50 */
  readonly maxWaiting?: number;
}

/** The door: how many may be in, and how many come through it at once. */
export interface Admission {
  /** Viewers that are in, joining ones included. */
  readonly viewers: number;
  /**
   * Takes a seat for a viewer. The returned call gives it back; calling it twice does nothing.
   *
   * @throws MillraceError LIMIT_EXCEEDED, retryable, when all are taken
   */
  takeSeat(): () => void;
  /**
   * Waits for a turn to join, first come first served. The returned call ends the turn.
   *
   * @throws MillraceError LIMIT_EXCEEDED, retryable, when too many wait already; `signal.reason` when aborted
   */
  takeTurn(signal?: AbortSignal): Promise<() => void>;
}

/**
 * Makes a door for one publication, or for several that share a limit.
 *
 * @throws MillraceError INVALID_OPTION when a number is not a whole one above 0
 */
export function createAdmission(options: AdmissionOptions = {}): Admission {
  const { maxViewers = 200, concurrentJoins = 4, maxWaiting = 50 } = options;
  for (const [name, value] of Object.entries({ maxViewers, concurrentJoins, maxWaiting })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new MillraceError(
        "INVALID_OPTION",
        `createAdmission: ${name} is ${value}; give a whole number from 1 up.`,
      );
    }
  }
  let seats = 0;
  let turns = 0;
  const waiting = new Set<() => void>();
  const endTurn = (): void => {
    const [next] = waiting;
    if (next === undefined) {
      turns--;
      return;
    }
    // The turn is handed on and not given back, so that nobody who comes just now can take it.
    waiting.delete(next);
    next();
  };
  return {
    get viewers() {
      return seats;
    },
    takeSeat() {
      if (seats >= maxViewers) {
        throw full(`${maxViewers} viewers are watching, which is the most that may`);
      }
      seats++;
      return once(() => {
        seats--;
      });
    },
    async takeTurn(signal) {
      signal?.throwIfAborted();
      if (turns < concurrentJoins) {
        turns++;
        return once(endTurn);
      }
      if (waiting.size >= maxWaiting) throw full(`${maxWaiting} viewers are waiting to join`);
      const turn = Promise.withResolvers<void>();
      waiting.add(turn.resolve);
      try {
        await (signal ? abortable(turn.promise, signal) : turn.promise);
      } catch (reason) {
        // It may have been handed over in the same instant: then it goes to the next.
        if (!waiting.delete(turn.resolve)) endTurn();
        throw reason;
      }
      return once(endTurn);
    },
  };
}

function full(what: string): MillraceError {
  return new MillraceError("LIMIT_EXCEEDED", `${what}; try again in a few seconds.`, {
    retryable: true,
  });
}

function once(run: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    run();
  };
}
