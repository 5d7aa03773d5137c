import { readState } from "./journal.ts";

/** How far a load has come, as its checkpoint says. */
export interface LoadProgress {
  /** The name that the load was given. */
  readonly load: string;
  /** Where it is loaded to, without credentials. */
  readonly target: string;
  /** Items that survive a crash of the database, and that it had answered for. */
  readonly durableItems: number;
  readonly acceptedItems: number;
  /** Nothing is left to go on with. */
  readonly done: boolean;
}

/**
 * What a checkpoint says, without going on from it; undefined where there is no such file.
 *
 * @throws MillraceError CORRUPT_INPUT when the file is no checkpoint
 */
export async function readCheckpoint(path: string): Promise<LoadProgress | undefined> {
  const state = await readState(path);
  if (state === undefined) return undefined;
  const { identity, durable, accepted, done } = state;
  return { ...identity, durableItems: durable, acceptedItems: accepted, done };
}
