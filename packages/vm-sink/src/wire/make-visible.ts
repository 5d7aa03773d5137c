import type { Client } from "./client.ts";

/**
 * Nodes of a cluster cannot be told to show what they just took. They pass rows on within a second and
 * show them within two more (`-insert…`, pending rows); this is ample.
 */
const CLUSTER_SHOWS_MS = 5_000;

/** Makes what was just written part of every later answer. */
export async function makeVisible(client: Client): Promise<void> {
  if (client.endpoint.cluster === undefined) await client.get("/internal/force_flush");
  else await new Promise((resolve) => setTimeout(resolve, CLUSTER_SHOWS_MS));
}
