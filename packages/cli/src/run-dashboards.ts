import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { grafanaDashboards, grafanaProvisioning } from "@millrace/ingest/grafana";
import { checkOutputs } from "./check-outputs.ts";
import type { CommandIo, ExitCode } from "./command-io.ts";
import { readIdTables } from "./ingest-flow.ts";
import { megabytes, printable } from "./text.ts";

/** What was typed. */
export interface DashboardsFlags {
  readonly output: string;
  readonly naming?: "seed" | "clean";
  readonly idTables?: string;
  readonly vmUrl?: string;
  readonly dashboardsPath?: string;
}

/** Carries out `millrace dashboards`. */
export async function runDashboards(flags: DashboardsFlags, io: CommandIo): Promise<ExitCode> {
  const folder = resolve(io.cwd, flags.output);
  await checkOutputs([], [{ option: "--output", path: folder, isFolder: true }]);
  const tablesPath = flags.idTables === undefined ? undefined : resolve(io.cwd, flags.idTables);
  const idTables = await readIdTables({ idTables: tablesPath });
  const { naming = "seed" } = flags;
  const dashboards = grafanaDashboards({ naming, ...(idTables === undefined ? {} : { idTables }) });
  const { dataSource, dashboardProvider } = grafanaProvisioning({
    ...(flags.vmUrl === undefined ? {} : { vmUrl: flags.vmUrl }),
    dashboardsPath: flags.dashboardsPath ?? join(folder, "dashboards"),
  });
  const files = [
    ...dashboards.map((it) => [`dashboards/${it.uid}.json`, `${JSON.stringify(it)}\n`] as const),
    ["provisioning/datasources/victoriametrics.yaml", dataSource] as const,
    ["provisioning/dashboards/millrace.yaml", dashboardProvider] as const,
  ];
  for (const [name, text] of files) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    io.stdout.write(`${printable(path)} (${megabytes(Buffer.byteLength(text))})\n`);
  }
  return 0;
}
