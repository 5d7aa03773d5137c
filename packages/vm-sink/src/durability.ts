import type { Ledger } from "./ledger.ts";
import type { Client } from "./wire/client.ts";
import { restarted } from "./wire/failures.ts";
import { freshState, readState } from "./wire/read-state.ts";
import { newlyLost, type ServerState, wasRestarted } from "./wire/server-state.ts";

/** How durability is established at the end; see the option of the same name. */
export type Durability = "snapshot" | "age" | "none";

/**
 * How old an accepted sample must be to survive a crash of the same server process. Measured by killing:
 * after 8 s nothing was kept, after 12 s everything (1.79.5 and 1.145; both flush every 5 s and merge).
 */
export const FLUSH_AGE_MS = 15_000;

const ASK_EVERY_MS = 5_000;
const ASK_PATIENCE_MS = 10_000;

/** Follows what the database has flushed. */
interface DurabilityWatch {
  /** Settles when everything accepted is durable or cannot become so; says what a person should know. */
  settle(): Promise<readonly string[]>;
  stop(): void;
}

/**
 * Moves the durable mark while a run goes on (by age) and settles it at the end.
 *
 * Nothing is called durable that the database may have lost: what it counts as dropped could be any of
 * what it answered for, so from then on the mark stays where it is.
 *
 * @param fail - told when the server was restarted meanwhile: what it had not flushed is gone
 */
export function watchDurability(
  durability: Durability,
  client: Client,
  ledger: Ledger,
  before: ServerState,
  signal: AbortSignal,
  fail: (error: unknown) => void,
): DurabilityWatch {
  let stopped = false;
  let asked: Promise<void> | undefined;
  let latest = before;
  let dropped: ReadonlyMap<string, number> = new Map();

  const tellRestart = (): void => {
    stopped = true;
    fail(restarted(client.endpoint));
  };
  /** Its word, if it is still the same process and has dropped nothing: only then does its word hold. */
  const goodWord = async (read: Promise<ServerState>): Promise<ServerState | undefined> => {
    // Silence proves nothing either way; the next answer will.
    const now = await read.catch(() => undefined);
    if (now === undefined || stopped) return undefined;
    if (wasRestarted(latest, now)) {
      tellRestart();
      return undefined;
    }
    latest = now;
    dropped = newlyLost(before, now);
    return dropped.size === 0 ? now : undefined;
  };
  /** Whether it has counted at least so many rows since the run began; one that forgot some has not. */
  const hasCounted = (now: ServerState, samples: number): boolean =>
    now.insertedRows === undefined || now.insertedRows - (before.insertedRows ?? 0) >= samples;
  /** Asks whether it is still the same process, and then believes in the age of what it accepted. */
  const askOnce = async (): Promise<void> => {
    const untilMs = performance.now() - FLUSH_AGE_MS;
    const now = await goodWord(readState(client, ASK_PATIENCE_MS));
    if (now === undefined) return;
    if (hasCounted(now, ledger.acceptedSamplesAt(untilMs))) ledger.flushedUntil(untilMs);
    else tellRestart();
  };
  /** One question at a time: an older answer that came later would look like a restart. */
  const ask = (): Promise<void> => {
    asked ??= askOnce().finally(() => {
      asked = undefined;
    });
    return asked;
  };
  const timer = durability === "none" ? undefined : setInterval(() => void ask(), ASK_EVERY_MS);
  timer?.unref();

  const byAge = async (): Promise<void> => {
    const readyMs = performance.now() + FLUSH_AGE_MS;
    while (!stopped && dropped.size === 0 && ledger.durable < ledger.accepted) {
      await new Promise((r) => setTimeout(r, 250));
      signal.throwIfAborted();
      if (performance.now() >= readyMs) await ask();
    }
  };
  /** A page may be a second old, so one that has not counted all yet proves nothing: age will. */
  const holdsAll = async (): Promise<boolean> => {
    const now = await goodWord(freshState(client));
    return now !== undefined && hasCounted(now, ledger.acceptedSamples);
  };

  return {
    async settle() {
      clearInterval(timer);
      if (durability === "none" || ledger.durable === ledger.accepted) return [];
      await asked;
      const { refused, left } =
        durability === "snapshot" ? await bySnapshot(client, ledger, holdsAll) : NO_SNAPSHOT;
      if (!stopped) await byAge();
      const notes = left === undefined ? [] : [leftNote(left)];
      if (dropped.size > 0) notes.push(droppedNote(client, dropped));
      else if (refused) notes.push(REFUSED_NOTE);
      return notes;
    },
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}

function droppedNote({ endpoint }: Client, dropped: ReadonlyMap<string, number>): string {
  const reasons = [...dropped].map(([reason, rows]) => `${rows} by ${reason}`).join(", ");
  return `The database at ${endpoint.shown} dropped rows that it had answered for (${reasons}), perhaps ours, so what it accepted since is not called durable.`;
}

/** What became of a snapshot. */
interface SnapshotOutcome {
  readonly refused: boolean;
  /** The name of one that could not be deleted. */
  readonly left?: string;
}

const NO_SNAPSHOT: SnapshotOutcome = { refused: false };
const REFUSED_NOTE = `The database takes no snapshots for us, so durability was established by waiting ${FLUSH_AGE_MS / 1000} s.`;

function leftNote(name: string): string {
  return `The snapshot ${name}, taken to make the data durable, could not be deleted; delete it with /snapshot/delete?snapshot=${name}.`;
}

/** A snapshot needs everything on the disk first, so taking one is a barrier. It is deleted at once. */
async function bySnapshot(
  client: Client,
  ledger: Ledger,
  holdsAll: () => Promise<boolean>,
): Promise<SnapshotOutcome> {
  let name: string;
  try {
    const answer: unknown = JSON.parse(await client.get("/snapshot/create"));
    if (!isSnapshot(answer)) throw new Error("no snapshot in the answer");
    name = answer.snapshot;
  } catch {
    return { refused: true };
  }
  // A restarted database takes snapshots as gladly, but of what it did not lose.
  if (await holdsAll()) ledger.allDurable();
  try {
    await client.get(`/snapshot/delete?snapshot=${encodeURIComponent(name)}`);
    return NO_SNAPSHOT;
  } catch {
    return { refused: false, left: name };
  }
}

function isSnapshot(answer: unknown): answer is { readonly snapshot: string } {
  if (typeof answer !== "object" || answer === null) return false;
  if (!("status" in answer) || answer.status !== "ok") return false;
  return "snapshot" in answer && typeof answer.snapshot === "string";
}
