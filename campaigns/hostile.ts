import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { SamplesByOrigin } from "../packages/ingest/test/sample-set.ts";
import { hostileBombs } from "./hostile-bombs.ts";
import { type HostileInput, hostileInput } from "./hostile-input.ts";
import { judgeReading, type ReadOrigin } from "./hostile-judge.ts";

/** What an attack may take of the machine. */
const HOSTILE_CAPS = {
  /** Of the command with a small input: it takes 60 to 80 MB with a sound one. */
  commandMb: 250,
  /** Of the command with a bomb: twice the limit "unpackedBytes" of 512 MiB, and its own. */
  bombMb: 1_400,
  /** Of one process that reads hundreds of small inputs, decoders of 7z included. */
  manyMb: 400,
  /** Silence of the process that reads many, and the whole of a command. */
  timeMs: 300_000,
} as const;

/** How an attack ended. */
export interface AttackResult {
  readonly what: string;
  /** In a word or two, to be counted. */
  readonly ending: string;
  /** 0 where the system does not tell. */
  readonly peakMb: number;
  /** Everything that is not as it should be, in words. */
  readonly differences: readonly string[];
}

const COMMAND = fileURLToPath(new URL("../packages/cli/bin/millrace.js", import.meta.url));
const RECORDING = fileURLToPath(new URL("recording-sink.ts", import.meta.url));
const MANY = fileURLToPath(new URL("hostile-many.ts", import.meta.url));

/** Gives the input of a seed to the command, in one of four ways. */
export async function attackCommand(seed: number): Promise<AttackResult> {
  return await inFolder(async (folder) => {
    const input = await hostileInput(seed, folder);
    const out = join(folder, "out");
    const ways = [
      ["ingest", input.path, "--json", "--sink", RECORDING, "--sink-option", `path=${out}`],
      ["ingest", input.path, "--dry-run", "--vm-url", "http://127.0.0.1:1"],
      ["ingest", input.path, "--no-vm", "--csv", out, "--quiet"],
      ["inspect", input.path],
    ];
    const way = Math.floor(seed / 64) % ways.length;
    const ended = await runCommand(ways[way] as string[]);
    const differences = [
      ...judgeText(ended, input.path, HOSTILE_CAPS.commandMb),
      ...(way === 0 ? await judgeRecord(input, ended, out) : []),
      ...(way === 2 && ended.code === 0 ? await judgeLines(input, out) : []),
    ];
    const what = `${input.family}, ${input.what} (${(ways[way] as string[])[0]}, way ${way})`;
    return { what, ending: `exit code ${ended.code}`, peakMb: ended.peakMb, differences };
  });
}

/** Gives a bomb to the command. */
export async function attackWithBomb(name: string, verb = "ingest"): Promise<AttackResult> {
  return await inFolder(async (folder) => {
    const path = await (hostileBombs[name] as (folder: string) => Promise<string>)(folder);
    const rest = verb === "ingest" ? ["--dry-run", "--vm-url", "http://127.0.0.1:1"] : [];
    const ended = await runCommand([verb, path, ...rest]);
    const differences = [...judgeText(ended, path, HOSTILE_CAPS.bombMb)];
    if (ended.code === 0) differences.push("it was called sound");
    const { code, peakMb } = ended;
    return { what: `${name} (${verb})`, ending: `exit code ${code}`, peakMb, differences };
  });
}

/** Reads the inputs of many seeds in one process, which may neither fall silent nor end early. */
export async function attackMany(from: number, seeds: number): Promise<readonly AttackResult[]> {
  const args = ["--conditions=@millrace/source", MANY, String(from), String(seeds)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const memory = watchMemory(child);
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-2_000);
  });
  const results: AttackResult[] = [];
  let isSilent = false;
  const onSilence = (): void => {
    isSilent = true;
    child.kill("SIGKILL");
  };
  let timer = setTimeout(onSilence, HOSTILE_CAPS.timeMs);
  for await (const line of createInterface({ input: child.stdout })) {
    clearTimeout(timer);
    timer = setTimeout(onSilence, HOSTILE_CAPS.timeMs);
    const { family, what, outcomes, differences } = JSON.parse(line);
    const ending = [...new Set(outcomes as string[])].sort().join(" and ");
    results.push({ what: `${family}, ${what}`, ending, peakMb: 0, differences });
  }
  clearTimeout(timer);
  const peakMb = memory();
  const differences: string[] = [];
  if (results.length < seeds) {
    const how = isSilent ? "fell silent" : `ended: ${said}`;
    differences.push(`at seed ${from + results.length} the process ${how}`);
  }
  if (peakMb > HOSTILE_CAPS.manyMb) differences.push(`${peakMb} MB at the peak`);
  return [...results, { what: "the process of many", ending: "", peakMb, differences }];
}

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly peakMb: number;
}

/** Somebody without rights, so that a folder may be closed to the command. */
const NOBODY = 65_534;
let somebody: { readonly uid?: number; readonly gid?: number } | undefined;

function runAs(): { readonly uid?: number; readonly gid?: number } {
  if (somebody === undefined) {
    const other = { uid: NOBODY, gid: NOBODY };
    const can =
      process.getuid?.() === 0 &&
      spawnSync(process.execPath, [COMMAND, "--version"], { ...other, cwd: tmpdir() }).status === 0;
    somebody = can ? other : {};
  }
  return somebody;
}

async function runCommand(args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    ...runAs(),
    cwd: tmpdir(),
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], HOME: tmpdir() },
  });
  const memory = watchMemory(child);
  const timer = setTimeout(() => child.kill("SIGKILL"), HOSTILE_CAPS.timeMs);
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  clearTimeout(timer);
  return { code, signal, stdout, stderr, peakMb: memory() };
}

/** Looks at the peak of a process's memory while it lives, where the system tells it. */
function watchMemory({ pid }: ChildProcess): () => number {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return () => 0;
  let peakKb = 0;
  const timer = setInterval(() => {
    readFile(path, "utf8").then(
      (text) => {
        peakKb = Math.max(peakKb, Number(/VmHWM:\s+(\d+)/.exec(text)?.[1] ?? 0));
      },
      () => {}, // It has ended.
    );
  }, 20);
  return () => {
    clearInterval(timer);
    return Math.round(peakKb / 1024);
  };
}

function judgeText(ended: Ended, path: string, mostMb: number): readonly string[] {
  const { code, signal, stdout, stderr, peakMb } = ended;
  const text = stdout + stderr;
  const wrong: string[] = [];
  const tell = (what: string): number => wrong.push(`${what}: ${text.slice(-600)}`);
  if (code !== 0 && code !== 1 && code !== 2) tell(`exit code ${code}, signal ${signal}`);
  if (/^\s+at .+:\d+:\d+\)?$/m.test(text)) tell("a stack trace");
  if (/INTERNAL|\[object|undefined|NaN/.test(text)) tell("an unclear word");
  if (/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u.test(text)) tell("a control character");
  if (code !== 0 && !text.includes(basename(path))) tell("no file is named");
  if (peakMb > mostMb) tell(`${peakMb} MB at the peak`);
  return wrong;
}

async function judgeRecord(
  input: HostileInput,
  ended: Ended,
  path: string,
): Promise<readonly string[]> {
  const delivered = new SamplesByOrigin();
  const record = await readFile(path, "utf8").catch(() => "");
  for (const line of record.split("\n").filter(Boolean)) {
    const { origin, labels, times, values } = JSON.parse(line);
    delivered.of(origin).add(labels, times, values);
  }
  const events = ended.stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const reads: readonly ReadOrigin[] = events.filter(({ type }) => type === "origin-read");
  const wrong = [...judgeReading(input, reads, delivered)];
  const isWhole = reads.every(({ outcome }) => outcome === "ok" || outcome === "skipped");
  const isLoaded = reads.some(({ outcome }) => outcome === "ok");
  if ((ended.code === 0) !== (isWhole && isLoaded)) wrong.push(`exit code ${ended.code}`);
  return wrong;
}

/** One line a sample: where all is said to be well, none may be missing. */
async function judgeLines(input: HostileInput, path: string): Promise<readonly string[]> {
  if (input.files.some(({ isAnother }) => isAnother)) return [];
  const lines = (await readFile(path, "utf8")).split("\n").filter(Boolean).length;
  const samples = input.files.reduce((sum, file) => sum + file.samples.size, 0);
  return lines === samples ? [] : [`${lines} lines for ${samples} samples, and exit code 0`];
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-hostile-"));
  await chmod(folder, 0o777);
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
