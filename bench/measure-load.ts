import { setTimeout as pause } from "node:timers/promises";
import { countSamples } from "@millrace/vm-sink";
import { startVictoriaMetrics } from "@millrace/vm-sink/server";
import { DATA_LABELS, type DataSize, dataRange, dataSamples } from "./bench-data.ts";
import { cpuSeconds } from "./cpu-seconds.ts";
import type { FormatRow } from "./format-rows.ts";
import type { LoadFigures, LoadJob } from "./load-row.ts";
import { runScript } from "./run-script.ts";

/** One load, all of it found in the database afterwards. */
export interface MeasuredLoad {
  /** From the first request to the last answer. */
  readonly samplesPerSecond: number;
  /** CPU seconds of the client in that time, per million samples. */
  readonly clientCpuPerMillion: number;
  /** CPU seconds of the database until a second after the last answer, per million samples. */
  readonly serverCpuPerMillion: number;
  /** What left by the client's sockets, headers included. */
  readonly bytesPerSample: number;
}

/** Our sink ends a second after the last answer, the peers at once; the database goes on working in it. */
const SETTLE_MS = 1_000;
/** A busy database of version 1.79.5 shows what it has taken only seconds later, flushed or not. */
const SHOWN_WITHIN_MS = 30_000;

/** Loads the data by one row into a fresh database; a text says why there are no figures. */
export async function measureLoad(
  row: FormatRow,
  size: DataSize,
  binary: string,
): Promise<MeasuredLoad | string> {
  await using database = await startVictoriaMetrics({ binary });
  const { url, pid } = database;
  const samples = dataSamples(size);
  const cpuBefore = cpuSeconds(pid);
  const job: LoadJob = { row, size, url };
  const figures = (await runScript("load-row.ts", [], job)) as LoadFigures;
  if ("refused" in figures) return `not taken by this server: ${figures.refused}`;
  await pause(SETTLE_MS);
  await fetch(`${url}/internal/force_flush`);
  const serverCpu = cpuSeconds(pid) - cpuBefore;
  const stored = await storedSamples(url, size);
  if (stored !== samples) return `no result: the database holds ${stored} of ${samples} samples`;
  return {
    samplesPerSecond: samples / (figures.ms / 1000),
    clientCpuPerMillion: figures.cpuMs / 1000 / (samples / 1e6),
    serverCpuPerMillion: serverCpu / (samples / 1e6),
    bytesPerSample: figures.wireBytes / samples,
  };
}

async function storedSamples(url: string, size: DataSize): Promise<number> {
  const deadlineMs = performance.now() + SHOWN_WITHIN_MS;
  while (true) {
    const stored = await countSamples({ url, labels: DATA_LABELS, ...dataRange(size) });
    if (stored === dataSamples(size) || performance.now() > deadlineMs) return stored;
    await pause(SETTLE_MS);
  }
}
