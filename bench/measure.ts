import { startVictoriaMetrics } from "@millrace/vm-sink/server";
import { cpuSeconds } from "./cpu-seconds.ts";
import type { RecordedBodies } from "./record-bodies.ts";
import { runMillrace } from "./run-millrace.ts";
import { runScript } from "./run-script.ts";

/** One measured run. NaN where a figure does not apply. */
export interface Measured {
  /** Until the last sample was accepted. */
  readonly samplesPerSecond: number;
  /** Until the last sample was durable. */
  readonly durablePerSecond: number;
  /** CPU seconds of the whole client process, its start included, per million samples. */
  readonly clientCpuPerMillion: number;
  /** CPU seconds of the database until the client ended, per million samples. */
  readonly serverCpuPerMillion: number;
  readonly peakRssBytes: number;
  /** Bytes that the client caused to be written to storage. */
  readonly diskBytes: number;
}

/** The command, archive to database. */
export async function measurePipeline(
  archive: string,
  samples: number,
  binary: string,
): Promise<Measured> {
  await using database = await startVictoriaMetrics({ binary });
  const { report, diskBytes } = await runMillrace(archive, database.url);
  if (report.samples.accepted !== samples) throw new Error("Not every sample was accepted.");
  return {
    samplesPerSecond: samples / (report.database.acceptedMs / 1000),
    durablePerSecond: samples / (report.database.durableMs / 1000),
    clientCpuPerMillion: report.cpuMs / 1000 / (samples / 1e6),
    serverCpuPerMillion: cpuSeconds(database.pid) / (samples / 1e6),
    peakRssBytes: report.peakRssBytes,
    diskBytes,
  };
}

/** The same bodies from memory: what the database takes when nothing has to be read or encoded. */
export async function measureCeiling(bodies: RecordedBodies, binary: string): Promise<Measured> {
  await using database = await startVictoriaMetrics({ binary });
  const { ms, cpuMs } = (await runScript(
    "replay.ts",
    [bodies.file, database.url],
    bodies.lengths,
  )) as { ms: number; cpuMs: number };
  return {
    samplesPerSecond: bodies.samples / (ms / 1000),
    durablePerSecond: Number.NaN,
    clientCpuPerMillion: cpuMs / 1000 / (bodies.samples / 1e6),
    serverCpuPerMillion: cpuSeconds(database.pid) / (bodies.samples / 1e6),
    peakRssBytes: Number.NaN,
    diskBytes: Number.NaN,
  };
}
