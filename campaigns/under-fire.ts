import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ArchiveSpec, generateArchive, writeZip } from "@millrace/ingest/testing";
import { startVictoriaMetrics, type VictoriaMetricsServer } from "@millrace/vm-sink/server";
import {
  type FaultProxy,
  readFaults,
  startFaultProxy,
  writeFaults,
} from "../packages/vm-sink/test/fault-proxy.ts";
import { seededRandom } from "../packages/vm-sink/test/seeded-random.ts";
import { SteppedClock } from "../packages/vm-sink/test/stepped-clock.ts";
import { type CommandEnd, type FireCommand, startCommand } from "./fire-command.ts";
import { type FireReport, judge } from "./judge.ts";
import { type Story, storyOf } from "./stories.ts";

/** How one load under fire ended. */
export interface FireResult {
  readonly story: string;
  readonly samples: number;
  /** Starts of the command, kills of both that met them alive, faults of the network, and so on. */
  readonly happened: Readonly<Record<string, number>>;
  /** Everything that is not as it should be, in words. */
  readonly differences: readonly string[];
}

/** Options of {@link loadUnderFire}. */
export interface FireOptions {
  /** Path of the database's program. @defaultValue the installed one */
  readonly binary?: string | undefined;
  /** @defaultValue the one of the seed */
  readonly story?: Story;
  /** Longest that all of it may take. @defaultValue as long as it takes */
  readonly deadlineMs?: number;
}

/** Starts beyond those that kills make necessary. */
const SPARE_STARTS = 8;
/** An answer that never comes costs two minutes. */
const START_TIMEOUT_MS = 480_000;
/** How a command ends whose first question gets no answer. */
const UNREACHED = /Cannot reach the database|did not answer within/;
/** Kills that are not tied to a request come within this time of a start. */
const LOAD_MS = 2_500;

/**
 * Loads one archive while things go wrong, starting the same command again whenever it ends without having
 * loaded everything, and compares what the database then holds, sample by sample.
 */
export async function loadUnderFire(seed: number, options: FireOptions = {}): Promise<FireResult> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-fire-"));
  const load = new FiredLoad(seed, options, folder);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const { deadlineMs } = options;
    if (deadlineMs === undefined) return;
    timer = setTimeout(() => {
      reject(new Error(`After ${deadlineMs / 1000} s it is still at this: ${load.doing}`));
      load.abandon();
    }, deadlineMs);
  });
  try {
    return await Promise.race([load.run(), late]);
  } finally {
    clearTimeout(timer);
    await rm(folder, { recursive: true, force: true });
  }
}

class FiredLoad {
  readonly #story: Story;
  readonly #deduplicates: boolean;
  readonly #random: () => number;
  readonly #folder: string;
  readonly #spec: ArchiveSpec;
  readonly #batchSize: number;
  /** Requests that write in a load to which nothing happens, about. */
  readonly #planned: number;
  readonly #clock: SteppedClock | undefined;
  readonly #happened = new Map<string, number>();
  readonly #differences: string[] = [];
  readonly #startDatabase: () => Promise<VictoriaMetricsServer>;
  #database: VictoriaMetricsServer | undefined;
  #isRestarting = false;
  /** Database kills and rivals that are under way. */
  readonly #underWay = new Set<Promise<void>>();
  #proxy: FaultProxy | undefined;
  #command: FireCommand | undefined;
  #isAbandoned = false;
  #stage = "the database starts";
  /** How a rival ended that took the load over, because the first command was killed meanwhile. */
  #takenOver: CommandEnd | undefined;

  constructor(seed: number, { binary, story }: FireOptions, folder: string) {
    this.#story = story ?? storyOf(seed).story;
    this.#deduplicates = storyOf(seed).deduplicates;
    this.#random = seededRandom(seed);
    this.#folder = folder;
    this.#spec = this.#specOf(seed);
    this.#batchSize = 300 + Math.floor(this.#random() * 2_500);
    this.#planned = Math.ceil((this.#spec.targetSamples ?? 0) / this.#batchSize);
    const { clock } = this.#story;
    if (clock !== undefined) {
      this.#clock = new SteppedClock(clock === "back" ? "start" : clock, clock === "back");
    }
    const flags = this.#deduplicates ? ["-dedup.minScrapeInterval=1ms"] : [];
    const dataPath = join(folder, "data");
    this.#startDatabase = () =>
      startVictoriaMetrics({ dataPath, flags, ...(binary === undefined ? {} : { binary }) });
  }

  /** What it is about, for those who wait for it. */
  get doing(): string {
    const requests = this.#proxy?.underWay.join(", ") || "none";
    return `${this.#stage}; requests under way: ${requests}; ${JSON.stringify(Object.fromEntries(this.#happened))}`;
  }

  /** Leaves no process behind, whatever is being waited for. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#command?.kill();
    void this.#database?.kill();
  }

  async run(): Promise<FireResult> {
    const archive = generateArchive(this.#spec);
    const path = join(this.#folder, "archive.zip");
    await writeZip(archive, path);
    this.#database = await this.#startDatabase();
    try {
      await using proxy = await this.#startProxy();
      this.#proxy = proxy;
      const args = this.#commandLine(path, proxy.url);
      const { end, report } = await this.#loadToTheEnd(args, proxy);
      this.#stage = "the last requests are answered";
      await proxy.calm();
      for (const [fault, times] of proxy.done) this.#happened.set(fault, times);
      if (this.#clock !== undefined) this.#happened.set("clock steps", this.#clock.steps);
      this.#stage = "the samples are compared";
      const { samples, surplus, differences } = await judge(
        this.#database.url,
        archive,
        { ...end, report },
        this.#story.once === true,
      );
      if (surplus > 0) this.#count("surpluses reported");
      if (this.#deduplicates) this.#count("deduplicating databases");
      return {
        story: this.#story.name,
        samples,
        happened: Object.fromEntries(this.#happened),
        differences: [...this.#differences, ...differences],
      };
    } finally {
      this.#stage = "the database ends";
      await this.#database.stop();
    }
  }

  async #loadToTheEnd(
    args: readonly string[],
    proxy: FaultProxy,
  ): Promise<{ readonly end: CommandEnd; readonly report: FireReport | undefined }> {
    const { commandKills = 0, once = false } = this.#story;
    const mostStarts = once ? 1 : commandKills + SPARE_STARTS;
    for (let start = 1; ; start++) {
      this.#count("starts");
      this.#stage = "the command loads";
      await rm(this.#reportPath, { force: true });
      const command = startCommand(args);
      this.#command = command;
      const overdue = (): void => {
        // Nobody who waits for a load kills it after eight minutes.
        this.#differences.push(`the command did not end: ${this.doing}`);
        command.kill();
      };
      const timers = [setTimeout(overdue, START_TIMEOUT_MS)];
      this.#plan(command, args, proxy, timers);
      const first = await command.ended;
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(this.#underWay);
      const end = this.#takenOver ?? first;
      this.#takenOver = undefined;
      const report = await this.#report();
      // A load that has gone through is not started again: that would load the archive twice.
      const isOver = end.code === 0 || (report !== undefined && report.error === undefined);
      if (isOver || this.#isAbandoned || start === mostStarts) return { end, report };
      if (end.code !== null) this.#count(`ends with ${end.code}`);
      // Nothing is wrong with the command line, so nobody must be told that there is.
      if (end.code === 2) this.#differences.push(`the command ended with 2: ${end.said}`);
    }
  }

  /** Everything that is to happen to this start of the command. */
  #plan(
    command: FireCommand,
    args: readonly string[],
    proxy: FaultProxy,
    timers: NodeJS.Timeout[],
  ): void {
    const { commandKills, databaseKills, rivals, clockSteps = 0, together = false } = this.#story;
    const sometime = (act: () => void): void => this.#sometime(proxy, timers, act);
    const killCommand = (): void => {
      if (command.kill()) this.#count("kills of the command");
    };
    const killDatabase = (): void => {
      // One that is just coming back is not there to be killed.
      if (command.isRunning && !this.#isRestarting) this.#begin(this.#killDatabase());
    };
    if (this.#left("kills of the command", commandKills) > 0) {
      sometime(() => {
        if (together) killDatabase();
        killCommand();
      });
    }
    const databaseKillsLeft = together ? 0 : this.#left("kills of the database", databaseKills);
    for (let i = 0; i < databaseKillsLeft; i++) sometime(killDatabase);
    if (this.#left("second commands refused", rivals) > 0) {
      // At a request that writes, so that the first command is in the middle of its load.
      this.#afterWrites(proxy, () => {
        if (command.isRunning) this.#begin(this.#rival(command, args, proxy));
      });
    }
    for (let step = this.#clock?.steps ?? 0; step < clockSteps; step++) {
      sometime(() => {
        const steps = [1, -1, 7, -7, 3_600, -3_600, 40_000_000, -40_000_000];
        this.#clock?.step(steps[Math.floor(this.#random() * steps.length)] as number);
      });
    }
  }

  /** At a random request of what is left of the load, or at a random time: its beginning and its end, too. */
  #sometime(proxy: FaultProxy, timers: NodeJS.Timeout[], act: () => void): void {
    const delayMs = this.#random() * 30;
    const atRequest = this.#random() < 0.8;
    if (!atRequest) timers.push(setTimeout(act, this.#random() * LOAD_MS));
    else this.#afterWrites(proxy, () => timers.push(setTimeout(act, delayMs)));
  }

  #afterWrites(proxy: FaultProxy, act: () => void): void {
    // Where the command is killed again and again, what is left gets less with each start.
    const share = (this.#story.commandKills ?? 0) > 1 ? 0.5 : 1;
    const left = Math.max(4, share * (this.#planned - proxy.writes));
    proxy.afterWrites(1 + Math.floor(this.#random() * left), act);
  }

  #begin(work: Promise<void>): void {
    const tracked = work.finally(() => this.#underWay.delete(tracked));
    this.#underWay.add(tracked);
  }

  async #killDatabase(): Promise<void> {
    this.#isRestarting = true;
    this.#count("kills of the database");
    await this.#database?.kill();
    await new Promise((resolve) => setTimeout(resolve, this.#random() * 500));
    this.#database = await this.#startDatabase();
    this.#isRestarting = false;
  }

  /** The same command once more: it must be refused, by the code and the words that the documents say. */
  async #rival(first: FireCommand, args: readonly string[], proxy: FaultProxy): Promise<void> {
    // What the first one writes waits meanwhile, so that it cannot be through before the second has looked.
    proxy.hold();
    let second = startCommand(args);
    let timer = setTimeout(() => second.kill(), START_TIMEOUT_MS);
    await Promise.race([first.ended, second.ended]);
    // Its first question may have met a fault, which ends a command before it looks at anything.
    while (!second.isRunning && first.isRunning) {
      const { code, said } = await second.ended;
      if (code !== 1 || !UNREACHED.test(said)) break;
      this.#count("second commands that met a fault");
      clearTimeout(timer);
      second = startCommand(args);
      timer = setTimeout(() => second.kill(), START_TIMEOUT_MS);
      await Promise.race([first.ended, second.ended]);
    }
    const wasAlone = !first.isRunning;
    proxy.release();
    const end = await second.ended;
    clearTimeout(timer);
    if (end.code === 2 && /checkpoint .* is in use by process \d+/.test(end.said)) {
      this.#count("second commands refused");
    } else if (wasAlone) {
      // The first one was killed before the second had looked, so there was nothing to refuse.
      this.#count("second commands that took over");
      this.#takenOver = end;
    } else this.#differences.push(`a second command ended with ${end.code}: ${end.said}`);
  }

  #startProxy(): Promise<FaultProxy> {
    const { faults = 0, faultKinds, duplicates = false } = this.#story;
    const kinds = faultKinds === undefined ? undefined : [faultKinds];
    const also = duplicates ? (["duplicate"] as const) : [];
    return startFaultProxy({
      target: () => this.#database?.url ?? "",
      random: this.#random,
      // At any of the first requests, where one fault is all there is to be.
      rate: faultKinds === "hang" ? 0.1 : Math.min(0.25, faults / this.#planned),
      most: faults,
      writeFaults: kinds ?? [...writeFaults, ...also],
      readFaults: faultKinds === "hang" ? [] : (kinds ?? [...readFaults, ...also]),
      clock: this.#clock,
    });
  }

  #commandLine(path: string, url: string): readonly string[] {
    const { once = false, duplicates = false } = this.#story;
    return [
      ...["ingest", path, "--vm-url", url, "--quiet", "--report", this.#reportPath],
      ...(once ? ["--no-checkpoint"] : ["--checkpoint", join(this.#folder, "checkpoint")]),
      ...(duplicates ? ["--verify"] : []),
      ...["--batch-size", String(this.#batchSize)],
      ...["--connections", String(1 + Math.floor(this.#random() * 4))],
    ];
  }

  #specOf(seed: number): ArchiveSpec {
    return {
      seed,
      profile: "tiny",
      arrays: [{ serial: `F${seed}`, controllers: 1 + Math.floor(this.#random() * 2) }],
      startMs: Date.UTC(2025, 9, 25, 23),
      intervalSeconds: 60,
      rowsPerFile: 15,
      targetSamples: 60_000 + Math.floor(this.#random() * 200_000),
      // Where the database keeps one sample a time, two controllers' values for one have no exact outcome.
      overlappingControllers: !this.#deduplicates && this.#random() < 0.5,
    };
  }

  get #reportPath(): string {
    return join(this.#folder, "report.json");
  }

  async #report(): Promise<FireReport | undefined> {
    const text = await readFile(this.#reportPath, "utf8").catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as FireReport);
  }

  #left(what: string, wanted = 0): number {
    return wanted - (this.#happened.get(what) ?? 0);
  }

  #count(what: string): void {
    this.#happened.set(what, (this.#happened.get(what) ?? 0) + 1);
  }
}
