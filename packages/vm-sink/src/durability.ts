import { MillraceError } from "@millrace/core";
import type { Ledger } from "./ledger.ts";
import type { Client } from "./wire/client.ts";
import { parseServerState, type ServerState } from "./wire/server-state.ts";

/** How durability is established at the end; see the option of the same name. */
export type Durability = "snapshot" | "age" | "none";

/**
 * How old an accepted sample must be to survive a crash of the same server process. Measured by killing:
 * after 8 s nothing was kept, after 12 s everything (1.79.5 and 1.145; both flush every 5 s and merge).
 */
export const FLUSH_AGE_MS = 15_000;

const ASK_EVERY_MS = 5_000;

/** Follows what the database has flushed. */
interface DurabilityWatch {
  /** Settles when everything accepted is durable; says what a person should know about how. */
  settle(): Promise<string | undefined>;
  stop(): void;
}

/**
 * Moves the durable mark while a run goes on (by age) and settles it at the end.
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
  /** Whether it is still the same process: only then does its word about earlier requests hold. */
  const isSameProcess = async (): Promise<boolean> => {
    let now: ServerState;
    try {
      now = parseServerState(await client.get("/metrics"));
    } catch {
      return false; // Silence proves nothing either way; the next answer will.
    }
    if (now.startedSeconds === before.startedSeconds) return true;
    stopped = true;
    fail(
      new MillraceError(
        "REMOTE_FAILED",
        `The database at ${client.endpoint.shown} was restarted during the run; what it had accepted in the last seconds before may be lost. Run the load again.`,
      ),
    );
    return false;
  };
  /** Asks whether it is still the same process, and then believes in the age of what it accepted. */
  const ask = async (): Promise<void> => {
    const askedMs = performance.now();
    if (await isSameProcess()) ledger.flushedUntil(askedMs - FLUSH_AGE_MS);
  };
  const timer = durability === "none" ? undefined : setInterval(() => void ask(), ASK_EVERY_MS);
  timer?.unref();

  const byAge = async (): Promise<void> => {
    const readyMs = performance.now() + FLUSH_AGE_MS;
    while (!stopped && ledger.durable < ledger.accepted) {
      await new Promise((r) => setTimeout(r, 250));
      signal.throwIfAborted();
      if (performance.now() >= readyMs) await ask();
    }
  };

  return {
    async settle() {
      clearInterval(timer);
      if (durability === "none" || ledger.durable === ledger.accepted) return undefined;
      const note =
        durability === "snapshot" ? await bySnapshot(client, ledger, isSameProcess) : undefined;
      if (!stopped) await byAge();
      return note;
    },
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}

/** A snapshot needs everything on the disk first, so taking one is a barrier. It is deleted at once. */
async function bySnapshot(
  client: Client,
  ledger: Ledger,
  isSameProcess: () => Promise<boolean>,
): Promise<string | undefined> {
  let name: string;
  try {
    const answer: unknown = JSON.parse(await client.get("/snapshot/create"));
    if (!isSnapshot(answer)) throw new Error("no snapshot in the answer");
    name = answer.snapshot;
  } catch {
    const seconds = FLUSH_AGE_MS / 1000;
    return `The database takes no snapshots for us, so durability was established by waiting ${seconds} s.`;
  }
  // A restarted database takes snapshots as gladly, but of what it did not lose.
  if (await isSameProcess()) ledger.allDurable();
  try {
    await client.get(`/snapshot/delete?snapshot=${encodeURIComponent(name)}`);
    return undefined;
  } catch {
    return `The snapshot ${name}, taken to make the data durable, could not be deleted; delete it with /snapshot/delete?snapshot=${name}.`;
  }
}

function isSnapshot(answer: unknown): answer is { readonly snapshot: string } {
  if (typeof answer !== "object" || answer === null) return false;
  if (!("status" in answer) || answer.status !== "ok") return false;
  return "snapshot" in answer && typeof answer.snapshot === "string";
}
