import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { missing, realTitle } from "../../test/real-database.ts";
import { startVictoriaMetrics } from "./victoria-metrics-server.ts";

/** A process that ended and was waited for is gone. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(missing !== undefined)(realTitle("startVictoriaMetrics"), () => {
  it("starts one on loopback that keeps a century, and leaves nothing behind", async () => {
    const server = await startVictoriaMetrics();
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const page = await (await fetch(`${server.url}/metrics`)).text();
    expect(page).toMatch(/flag\{name="retentionPeriod", ?value="100y"/);
    expect(isAlive(server.pid)).toBe(true);
    expect(existsSync(join(server.dataPath, "data"))).toBe(true);
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
    expect(existsSync(server.dataPath)).toBe(false);
    await server.stop();
  });

  it("is stopped by disposal", async () => {
    let seen: { readonly pid: number; readonly dataPath: string };
    {
      await using server = await startVictoriaMetrics({ flags: ["-retentionPeriod=2y"] });
      seen = server;
    }
    expect(isAlive(seen.pid)).toBe(false);
    expect(existsSync(seen.dataPath)).toBe(false);
  });

  it("kills at once and keeps the folder until stop", async () => {
    const server = await startVictoriaMetrics();
    await server.kill();
    expect(isAlive(server.pid)).toBe(false);
    expect(existsSync(server.dataPath)).toBe(true);
    await server.stop();
    expect(existsSync(server.dataPath)).toBe(false);
  });

  it("leaves a folder that it was given", async () => {
    const dataPath = await mkdtemp(join(tmpdir(), "millrace-given-"));
    try {
      const server = await startVictoriaMetrics({ dataPath });
      expect(server.dataPath).toBe(dataPath);
      await server.stop();
      expect(existsSync(join(dataPath, "data"))).toBe(true);
    } finally {
      await rm(dataPath, { recursive: true });
    }
  });

  it("tells what the program says of a bad flag", async () => {
    await expect(startVictoriaMetrics({ flags: ["-noSuchFlag=1"] })).rejects.toMatchObject({
      code: "REMOTE_FAILED",
      message: expect.stringContaining("not defined: -noSuchFlag"),
    });
  });

  it("neither keeps a finished program alive nor outlives it", async () => {
    const program = fileURLToPath(
      new URL("../../test/programs/leaves-server-running.ts", import.meta.url),
    );
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--conditions=@millrace/source", program],
      { timeout: 15_000 },
    );
    const { pid, dataPath } = JSON.parse(stdout) as { pid: number; dataPath: string };
    await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false);
    await rm(dataPath, { recursive: true });
  }, 20_000);
});

/** An orphan that ended may stay as a zombie where nobody waits for it. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return existsSync("/proc/self/stat") ? false : isAlive(pid);
  return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) !== "Z";
}
