import { MillraceError } from "@millrace/core";
import type { Client } from "./client.ts";
import { parseServerState, type ServerState } from "./server-state.ts";

/** A server that has not got a word to say by then will not take a load either. */
export const FIRST_ANSWER_MS = 10_000;
/** How often, and how many times, the database is asked for a page newer than its last one. */
const PAGE_EVERY_MS = 100;
const MOST_PAGES = 15;

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

/** The same from a page made after this call: the database makes a new one only once a second. */
export async function freshState(client: Client): Promise<ServerState> {
  const first = await readState(client);
  let state = first;
  for (let asked = 1; asked < MOST_PAGES && isSamePage(state, first); asked++) {
    await new Promise((resolve) => setTimeout(resolve, PAGE_EVERY_MS));
    state = await readState(client);
  }
  return state;
}

function isSamePage(page: ServerState, first: ServerState): boolean {
  return page.uptimeSeconds !== undefined && page.uptimeSeconds === first.uptimeSeconds;
}
