import type { Client } from "../wire/client.ts";
import { restarted } from "../wire/failures.ts";
import { freshState } from "../wire/read-state.ts";
import { type ServerState, wasRestarted } from "../wire/server-state.ts";

/** A server holds a request back for up to a minute (`-insert.maxQueueDuration`) before it gives up. */
const MOST_WAIT_MS = 70_000;

/**
 * Waits until the database is through with what it was sent: a request whose connection broke may still be
 * at work there. Two pages in a row, a second apart, must show no request at work and no new row. Where
 * others keep writing that never comes, and a vmauth does not tell; then the longest time that a request
 * can wait is waited.
 *
 * @throws MillraceError REMOTE_FAILED when the database is another process than it was
 */
export async function quietState(client: Client, before: ServerState): Promise<ServerState> {
  const startedMs = performance.now();
  let last = await client.patiently(() => freshState(client));
  while (true) {
    if (wasRestarted(before, last)) throw restarted(client.endpoint);
    const now = await client.patiently(() => freshState(client));
    if (wasRestarted(last, now)) throw restarted(client.endpoint);
    const counts = now.kind !== "vmauth";
    const isQuiet =
      counts && (now.runningInserts ?? 0) === 0 && now.insertedRows === last.insertedRows;
    if (isQuiet || performance.now() - startedMs > MOST_WAIT_MS) return now;
    last = now;
  }
}
