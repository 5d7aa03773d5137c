import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startVictoriaMetrics } from "@millrace/vm-sink/server";
import type { RecordedBodies } from "./record-bodies.ts";
import { runMillrace } from "./run-millrace.ts";

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
  const script = fileURLToPath(new URL("replay.ts", import.meta.url));
  const child = spawn(process.execPath, [script, bodies.file, database.url], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(JSON.stringify(bodies.lengths));
  let text = "";
  for await (const chunk of child.stdout) text += chunk;
  const { ms, cpuMs } = JSON.parse(text) as { ms: number; cpuMs: number };
  return {
    samplesPerSecond: bodies.samples / (ms / 1000),
    durablePerSecond: Number.NaN,
    clientCpuPerMillion: cpuMs / 1000 / (bodies.samples / 1e6),
    serverCpuPerMillion: cpuSeconds(database.pid) / (bodies.samples / 1e6),
    peakRssBytes: Number.NaN,
    diskBytes: Number.NaN,
  };
}

/** User and system time of a process, from Linux. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  // Fields 14 and 15 of proc(5), in ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
