// The main job from end to end: an archive is made, loaded into a real database, proven and drawn; then another
// one goes through the storage server.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { MillraceError } from "@millrace/core";
import { type RunningServer, serverSettings, startServer } from "@millrace/full-server";
import { generateArchive, writeZip } from "@millrace/ingest/testing";
import { startVictoriaMetrics, type VictoriaMetricsServer } from "@millrace/vm-sink/server";
import { busiestLuns } from "./busiest-luns.ts";
import { uploadArchive } from "./upload-archive.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const millrace = join(root, "packages/cli/bin/millrace.js");
const say = (text = ""): boolean => process.stdout.write(`${text}\n`);

// Whoever stops the demo finds nothing of it on the disk: everything below unwinds as after a failure.
const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => stop.abort(new Error("Interrupted.")));
}

const folder = await mkdtemp(join(tmpdir(), "millrace-demo-"));
const archive = join(folder, "OceanStor_Dorado_6000_V6.zip");
// Of another array, so that the database holds no sample twice.
const archiveToUpload = join(folder, "another_OceanStor.zip");
const page = join(root, "demo-report.html");
const report = join(folder, "report.json");
try {
  say("1. A day of one storage array, one sample a minute, in the vendor's own format:");
  const { bytes, files, samples } = await writeZip(
    generateArchive({
      seed: 2025,
      rowsPerFile: 15,
      filesPerController: 96,
      unknownMetricIds: [99_001],
    }),
    archive,
    { onFile: () => stop.signal.throwIfAborted() },
  );
  say(
    `   ${count(files)} period files, ${count(samples)} samples, ${(bytes / 1e6).toFixed(1)} MB\n`,
  );

  say("2. What is in it?");
  await command("inspect", archive);

  await using database = await startDatabase();
  stop.signal.throwIfAborted();
  say(database ? "\n3. Into VictoriaMetrics:" : "\n3. Into a report:");
  const target = database ? ["--vm-url", database.url, "--verify"] : ["--no-vm"];
  const code = await command("ingest", archive, ...target, "--html", page, "--report", report);
  process.exitCode = code;

  if (database !== undefined && code === 0) {
    const { arrays } = JSON.parse(await readFile(report, "utf8"));
    say("\n4. Ask the database: the busiest LUNs of that day, by average IOPS");
    say(await busiestLuns(database.url, arrays[0]));
  }
  await using server =
    database !== undefined && code === 0 ? await showServer(database.url) : undefined;
  say(`\nOpen ${relative(process.cwd(), page) || page} in a browser for the charts.`);
  if (server !== undefined && process.stdin.isTTY && process.stdout.isTTY) {
    say(`The server is at ${server.url} until Ctrl-C.`);
    if (!stop.signal.aborted) await once(stop.signal, "abort");
  }
} catch (error) {
  if (!stop.signal.aborted) throw error;
  process.exitCode = 130;
} finally {
  await rm(folder, { recursive: true });
}

/** A database of our own, or undefined where the program is not installed. */
async function startDatabase(): Promise<VictoriaMetricsServer | undefined> {
  try {
    return await startVictoriaMetrics({ path: process.env["PATH"] ?? "" });
  } catch (error) {
    if (!MillraceError.is(error) || error.code !== "MISSING_DEPENDENCY") throw error;
    say(`\n${error.message}\nGoing on without a database, and so without steps 4 and 5.`);
    return undefined;
  }
}

/** The web application on the same database; another array's archive goes through it. */
async function showServer(vmUrl: string): Promise<RunningServer> {
  say("\n5. As a server: upload the first six hours of another array");
  await writeZip(
    generateArchive({
      seed: 2026,
      rowsPerFile: 15,
      filesPerController: 24,
      arrays: [{ serial: "2102355THQFSQ2100015" }],
    }),
    archiveToUpload,
    { onFile: () => stop.signal.throwIfAborted() },
  );
  const dataFolder = join(folder, "server");
  const server = await startServer(serverSettings.parse({ port: 0, dataFolder, vmUrl }));
  try {
    say(`   page   ${server.url}`);
    say(await uploadArchive(server.url, archiveToUpload, stop.signal));
    return server;
  } catch (error) {
    await server.close();
    throw error;
  }
}

/** Types a command as a user would. */
function command(...args: readonly string[]): Promise<number> {
  say(`   $ millrace ${args.map((arg) => relative(process.cwd(), arg) && arg).join(" ")}\n`);
  const child = spawn(process.execPath, [millrace, ...args], { stdio: "inherit" });
  const onStop = (): boolean => child.kill("SIGINT");
  stop.signal.addEventListener("abort", onStop);
  return new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      if (stop.signal.aborted) reject(stop.signal.reason);
      else resolve(code ?? 1);
    });
  }).finally(() => stop.signal.removeEventListener("abort", onStop));
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
