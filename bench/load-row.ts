// One row of formats.ts in a process of its own: node load-row.ts <job.json, prints a LoadFigures.
import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { json } from "node:stream/consumers";
import { fromItems, MillraceError, pipeline, type SeriesBatch } from "@millrace/core";
import { victoriaMetrics } from "@millrace/vm-sink";
import { benchData, type DataSize } from "./bench-data.ts";
import type { FormatRow } from "./format-rows.ts";

/** What is to be loaded, how and where. */
export interface LoadJob {
  readonly row: FormatRow;
  readonly size: DataSize;
  readonly url: string;
}

/** From the first request to the last answer; or why there was none. */
export type LoadFigures =
  | { readonly ms: number; readonly cpuMs: number; readonly wireBytes: number }
  | { readonly refused: string };

const { row, size, url } = (await json(process.stdin)) as LoadJob;
const batches = benchData(size);
const load =
  row.kind === "sink" ? loadBySink : (await import("./peer-loads.ts")).PEER_LOADS[row.peer];
// Whatever client it is, its bytes leave by a socket of Node.
const sockets: Socket[] = [];
subscribe("net.client.socket", (message) => {
  sockets.push((message as { readonly socket: Socket }).socket);
});
const startedMs = performance.now();
const cpu = process.cpuUsage();
let figures: LoadFigures | undefined;
try {
  await load(batches, url);
  note();
} catch (error) {
  if (!MillraceError.is(error) || error.code !== "UNSUPPORTED") throw error;
  figures = { refused: error.message };
}
console.log(JSON.stringify(figures));

/** Whoever comes first counts: our sink goes on to ask what the database dropped. */
function note(): void {
  if (figures !== undefined) return;
  const ms = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(cpu);
  const wireBytes = sockets.reduce((sum, socket) => sum + socket.bytesWritten, 0);
  figures = { ms, cpuMs: (user + system) / 1000, wireBytes };
}

async function loadBySink(items: readonly SeriesBatch[]): Promise<void> {
  if (row.kind !== "sink") return;
  const { format, compression } = row;
  const sink = victoriaMetrics({ url, format, compression, durability: "none" });
  const run = pipeline(fromItems(items)).to(sink);
  run.watermark$.subscribe((watermark) => {
    if (watermark.items.accepted === items.length) note();
  });
  await run.result;
}
