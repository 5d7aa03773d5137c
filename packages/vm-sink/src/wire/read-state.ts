import { MillraceError } from "@millrace/core";
import type { Client } from "./client.ts";
import { parseServerState, type ServerState } from "./server-state.ts";

/** A server that has not got a word to say by then will not take a load either. */
export const FIRST_ANSWER_MS = 10_000;
/** How often, and how many times, the database is asked for a page newer than its last one. */
const PAGE_EVERY_MS = 100;
const MOST_PAGES = 25;

/**
 * What a database says of itself on `/metrics`.
 *
 * @throws MillraceError UNSUPPORTED when that is no page of VictoriaMetrics
 */
export async function readState(client: Client, withinMs?: number): Promise<ServerState> {
  const state = parseServerState(await client.get("/metrics", withinMs));
  // Anything may answer 2xx to everything; what it says of durability would then be worth nothing.
  if (state.startedSeconds !== undefined) return state;
  throw new MillraceError(
    "UNSUPPORTED",
    `${client.endpoint.shown} answers, but not like VictoriaMetrics: its /metrics names no start time. Give the address of the database itself.`,
  );
}

/**
 * The same, with every number taken after this call. The database makes a page only once a second; and
 * older ones (1.79) keep the numbers of their storage, such as what it dropped, for a second of their own:
 * a new page may still show those of the page before it.
 */
export async function freshState(client: Client): Promise<ServerState> {
  let state: ServerState = await readState(client);
  // Without it no page can be told from the next.
  if (state.uptimeSeconds === undefined) return state;
  let newPages = 0;
  for (let asked = 1; asked < MOST_PAGES && newPages < 2; asked++) {
    await new Promise((resolve) => setTimeout(resolve, PAGE_EVERY_MS));
    const last = state;
    state = await readState(client);
    if (state.uptimeSeconds === last.uptimeSeconds) continue;
    newPages += 1;
    if (!mayMixPages(state)) break;
  }
  return state;
}

/**
 * With these a page says less of its own age: it shows what a limit dropped before the rows that the storage was
 * given, which may be renewed between the two; and rows that the server takes of itself are in no request.
 */
const AGE_HIDING_FLAGS = [
  "storage.maxHourlySeries",
  "storage.maxDailySeries",
  "selfScrapeInterval",
] as const;

/** Only where the storage was given every row that was inserted are its numbers surely as new as the rest. */
function mayMixPages({ kind, insertedRows, storedRows, flags }: ServerState): boolean {
  if (kind !== "single") return false;
  const hidesAge = AGE_HIDING_FLAGS.some((flag) => Number.parseFloat(flags.get(flag) ?? "0") > 0);
  return hidesAge || storedRows !== insertedRows;
}
