import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The parts of the command's report that are measured. */
export interface LoadReport {
  readonly complete: boolean;
  readonly samples: { readonly accepted: number };
  readonly cpuMs: number;
  readonly peakRssBytes: number;
  readonly database: { readonly acceptedMs: number; readonly durableMs: number };
}

const command = fileURLToPath(new URL("../packages/cli/bin/millrace.js", import.meta.url));

/** One load by the command in a process of its own; also says what the process wrote to disks. */
export async function runMillrace(
  archive: string,
  url: string,
): Promise<{ readonly report: LoadReport; readonly diskBytes: number }> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const file = join(folder, "report.json");
  const temporary = mkdtempSync(join(folder, "tmp-"));
  try {
    const args = [command, "ingest", archive, "--vm-url", url, "--report", file, "--quiet"];
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, TMPDIR: temporary },
    });
    // Linux counts what a process caused to be written to storage; read while it is still there.
    let diskBytes = Number.NaN;
    const timer = setInterval(() => {
      diskBytes = storageWrites(child.pid) ?? diskBytes;
    }, 50);
    const code = await new Promise((resolve) => child.once("exit", resolve));
    clearInterval(timer);
    if (code !== 0) throw new Error(`millrace ended with ${code}`);
    const left = readdirSync(temporary);
    if (left.length > 0) throw new Error(`millrace left files behind: ${left.join(", ")}`);
    return { report: JSON.parse(readFileSync(file, "utf8")) as LoadReport, diskBytes };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function storageWrites(pid: number | undefined): number | undefined {
  try {
    return Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1]);
  } catch {
    return undefined;
  }
}
