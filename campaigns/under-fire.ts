import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ArchiveSpec, generateArchive, writeZip } from "@millrace/ingest/testing";
import { startVictoriaMetrics, type VictoriaMetricsServer } from "@millrace/vm-sink/server";
import { expectedSamples } from "../packages/ingest/test/expected-samples.ts";
import { SampleSet } from "../packages/ingest/test/sample-set.ts";
import { startFaultProxy } from "../packages/vm-sink/test/fault-proxy.ts";
import { seededRandom } from "../packages/vm-sink/test/seeded-random.ts";
import { storedSamples } from "./stored-samples.ts";

/** What goes wrong during a load. */
interface Story {
  readonly name: string;
  /** Times that the command is killed (SIGKILL) and started again, and that the database is. */
  readonly commandKills: number;
  readonly databaseKills: number;
  /** Share of requests that the network damages. */
  readonly faultRate: number;
}

const STORIES: readonly Story[] = [
  { name: "the command is killed", commandKills: 3, databaseKills: 0, faultRate: 0 },
  { name: "the database is killed", commandKills: 0, databaseKills: 2, faultRate: 0 },
  { name: "the network fails", commandKills: 0, databaseKills: 0, faultRate: 0.1 },
  {
    name: "the command is killed, the network fails",
    commandKills: 2,
    databaseKills: 0,
    faultRate: 0.1,
  },
  {
    name: "both are killed, the network fails",
    commandKills: 1,
    databaseKills: 1,
    faultRate: 0.05,
  },
];

/** How one load under fire ended. */
export interface FireResult {
  readonly story: string;
  readonly samples: number;
  /** Starts of the command, kills of both, and faults of the network. */
  readonly happened: Readonly<Record<string, number>>;
  /** Everything that is not as it should be, in words. */
  readonly differences: readonly string[];
}

const COMMAND = fileURLToPath(new URL("../packages/cli/bin/millrace.js", import.meta.url));
/** Kills come within this time of a start: a load takes about as long. */
const LOAD_MS = 1_500;
const MOST_STARTS = 12;
const START_TIMEOUT_MS = 180_000;

/**
 * Loads one archive while things go wrong, starting the same command again whenever it ends without
 * success, and compares what the database then holds, sample by sample.
 */
export async function loadUnderFire(seed: number, binary?: string): Promise<FireResult> {
  const random = seededRandom(seed);
  const story = STORIES[seed % STORIES.length] as Story;
  const deduplicates = seed % 7 === 0;
  const archive = generateArchive(specOf(seed, random, deduplicates));
  const folder = await mkdtemp(join(tmpdir(), "millrace-fire-"));
  const dataPath = join(folder, "data");
  const flags = deduplicates ? ["-dedup.minScrapeInterval=1ms"] : [];
  const start = (): Promise<VictoriaMetricsServer> =>
    startVictoriaMetrics({ dataPath, flags, ...(binary === undefined ? {} : { binary }) });
  const happened: Record<string, number> = { starts: 0, commandKills: 0, databaseKills: 0 };
  const count = (what: string): void => {
    happened[what] = (happened[what] ?? 0) + 1;
  };
  let database = await start();
  await using proxy = await startFaultProxy(() => database.url, random, story.faultRate);
  try {
    const path = join(folder, "archive.zip");
    await writeZip(archive, path);
    const args = commandLine(path, proxy.url, folder, random);
    let restarting: Promise<void> | undefined;
    const killDatabase = async (): Promise<void> => {
      count("databaseKills");
      await database.kill();
      await pause(random() * 500);
      database = await start();
    };
    let code: number | null = null;
    let said = "";
    while (code !== 0 && (happened["starts"] ?? 0) < MOST_STARTS) {
      count("starts");
      const command = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
      const ended = endOf(command);
      const timers = [setTimeout(() => command.kill("SIGKILL"), START_TIMEOUT_MS)];
      if ((happened["commandKills"] ?? 0) < story.commandKills) {
        timers.push(setTimeout(() => command.kill("SIGKILL"), random() * LOAD_MS));
        count("commandKills");
      }
      if ((happened["databaseKills"] ?? 0) < story.databaseKills) {
        timers.push(
          setTimeout(() => {
            restarting = killDatabase();
          }, random() * LOAD_MS),
        );
      }
      ({ code, said } = await ended);
      for (const timer of timers) clearTimeout(timer);
      await restarting;
    }
    proxy.calm();
    for (const [fault, times] of proxy.done) happened[fault] = times;

    const differences: string[] = [];
    if (code !== 0) differences.push(`the command ended with ${code}: ${said}`);
    const expected = new SampleSet();
    for (const file of archive.files()) expected.addAll(expectedSamples(file));
    const stored = await storedSamples(
      database.url,
      (archive.spec.arrays ?? []).map(({ serial }) => serial),
    );
    for (const lost of stored.lacks(expected)) differences.push(`not in the database: ${lost}`);
    for (const alien of expected.lacks(stored)) differences.push(`only in the database: ${alien}`);
    if (code === 0) {
      const report = JSON.parse(await readFile(join(folder, "report.json"), "utf8"));
      if (!report.complete) differences.push("the report says that it is not complete");
    }
    return { story: story.name, samples: expected.size, happened, differences };
  } finally {
    await database.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function commandLine(
  path: string,
  url: string,
  folder: string,
  random: () => number,
): readonly string[] {
  return [
    ...[COMMAND, "ingest", path, "--vm-url", url, "--quiet"],
    ...["--report", join(folder, "report.json"), "--checkpoint", join(folder, "checkpoint")],
    ...["--batch-size", String(500 + Math.floor(random() * 5_000))],
    ...["--connections", String(1 + Math.floor(random() * 4))],
  ];
}

function specOf(seed: number, random: () => number, deduplicates: boolean): ArchiveSpec {
  return {
    seed,
    profile: "tiny",
    arrays: [{ serial: `F${seed}`, controllers: 1 + Math.floor(random() * 2) }],
    startMs: Date.UTC(2025, 9, 25, 23),
    intervalSeconds: 60,
    rowsPerFile: 15,
    targetSamples: 200_000 + Math.floor(random() * 400_000),
    // Where the database keeps one sample a time, two controllers' values for one have no exact outcome.
    overlappingControllers: !deduplicates && random() < 0.5,
  };
}

async function endOf(command: ChildProcess): Promise<{ code: number | null; said: string }> {
  let said = "";
  for (const output of [command.stdout, command.stderr]) {
    output?.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-1_500);
    });
  }
  const [code] = (await once(command, "close")) as [number | null];
  return { code, said };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
