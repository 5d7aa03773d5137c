import { type ChildProcess, spawn } from "node:child_process";
import { access, constants, mkdtemp, rm } from "node:fs/promises";
import { request as requestPlainly } from "node:http";
import { request as requestByTls } from "node:https";
import { createServer, Socket } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { MillraceError } from "@millrace/core";

/** Options of {@link startVictoriaMetrics}. */
export interface VictoriaMetricsServerOptions {
  /** Path of the program. @defaultValue the first of `victoria-metrics`, `victoria-metrics-prod` on `path` */
  readonly binary?: string;
  /** Folders to search for the program, as in `PATH`. @defaultValue the usual folders of a Unix */
  readonly path?: string;
  /** Where it keeps its data. @defaultValue a fresh folder, removed by `stop` */
  readonly dataPath?: string;
  /** Further flags, such as `-dedup.minScrapeInterval=1ms`; with `-tls` its address is one of https. */
  readonly flags?: readonly string[];
  /** How long it may take to answer. @defaultValue 20,000 */
  readonly startTimeoutMs?: number;
}

/** A running server; disposing of it stops it. */
export interface VictoriaMetricsServer extends AsyncDisposable {
  /** Base URL on loopback. */
  readonly url: string;
  readonly pid: number;
  readonly dataPath: string;
  /** Ends it in order, so that everything is on the disk, and removes its folder if it made one. */
  stop(): Promise<void>;
  /** Ends it as a power cut would (SIGKILL); the data folder stays until `stop`. */
  kill(): Promise<void>;
}

const NAMES = ["victoria-metrics", "victoria-metrics-prod"];
const USUAL_FOLDERS = ["/usr/local/bin", "/usr/bin", "/bin", "/opt/homebrew/bin"].join(delimiter);
/** Old archives must not fall out of the default retention of one month. */
const RETENTION = "-retentionPeriod=100y";
/** Ports that are tried where others take them first. */
const MOST_PORTS = 5;

/** The program on the given search path, or undefined. */
export async function findVictoriaMetrics(
  path: string = USUAL_FOLDERS,
): Promise<string | undefined> {
  for (const folder of path.split(delimiter)) {
    for (const name of NAMES) {
      const file = join(folder, name);
      const found = await access(file, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (found && folder !== "") return file;
    }
  }
  return undefined;
}

/**
 * Starts VictoriaMetrics on a free loopback port and waits until it answers.
 *
 * @throws MillraceError MISSING_DEPENDENCY when the program is not installed or cannot be run
 * @throws MillraceError TIMEOUT or REMOTE_FAILED when it does not come up; the message holds its last words
 * @example
 * ```ts no-run
 * import { startVictoriaMetrics } from "@millrace/vm-sink/server";
 *
 * await using database = await startVictoriaMetrics();
 * console.log(database.url); // http://127.0.0.1:41235
 * ```
 */
export async function startVictoriaMetrics(
  options: VictoriaMetricsServerOptions = {},
): Promise<VictoriaMetricsServer> {
  const binary = options.binary ?? (await findVictoriaMetrics(options.path));
  if (binary === undefined) {
    throw new MillraceError(
      "MISSING_DEPENDENCY",
      "VictoriaMetrics is not installed. On Debian: apt-get install victoria-metrics",
    );
  }
  const ownFolder = options.dataPath === undefined;
  const dataPath = options.dataPath ?? (await mkdtemp(join(tmpdir(), "millrace-vm-")));
  const removeFolder = async (): Promise<void> => {
    if (ownFolder) await rm(dataPath, { recursive: true, force: true });
  };
  for (let attempt = 1; ; attempt++) {
    try {
      return await serve(binary, dataPath, options, removeFolder);
    } catch (error) {
      // Between the choice of a free port and its use, another program may have taken it.
      const isTaken = error instanceof Error && error.message.includes("address already in use");
      if (isTaken && attempt < MOST_PORTS) continue;
      await removeFolder();
      throw error;
    }
  }
}

async function serve(
  binary: string,
  dataPath: string,
  options: VictoriaMetricsServerOptions,
  removeFolder: () => Promise<void>,
): Promise<VictoriaMetricsServer> {
  const port = await freePort();
  const isTls = options.flags?.some((flag) => /^--?tls(?:=true)?$/.test(flag)) ?? false;
  const url = `${isTls ? "https" : "http"}://127.0.0.1:${port}`;
  const child = spawn(
    binary,
    [
      `-storageDataPath=${dataPath}`,
      `-httpListenAddr=127.0.0.1:${port}`,
      RETENTION,
      "-loggerLevel=WARN",
      ...(options.flags ?? []),
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let lastWords = "";
  // What it says of its flags goes to the one, what it logs to the other.
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding("utf8").on("data", (text: string) => {
      lastWords = (lastWords + text).slice(-2000);
    });
    if (output instanceof Socket) output.unref();
  }
  // The server must not keep a finished program alive, nor outlive it.
  child.unref();
  const onExit = (): boolean => child.kill("SIGTERM");
  process.once("exit", onExit);
  const ended = exitOf(child);
  const end = async (signal: "SIGTERM" | "SIGKILL"): Promise<void> => {
    child.ref();
    child.kill(signal);
    await ended;
    process.removeListener("exit", onExit);
  };
  try {
    const timeoutMs = options.startTimeoutMs ?? 20_000;
    await answers(url, { child, ended, dataPath, timeoutMs, lastWords: () => lastWords });
  } catch (error) {
    await end("SIGKILL");
    throw error;
  }
  const stop = async (): Promise<void> => {
    await end("SIGTERM");
    await removeFolder();
  };
  return {
    url,
    pid: child.pid as number,
    dataPath,
    stop,
    kill: () => end("SIGKILL"),
    [Symbol.asyncDispose]: stop,
  };
}

interface Starting {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  readonly dataPath: string;
  readonly timeoutMs: number;
  lastWords(): string;
}

async function answers(
  url: string,
  { child, ended, dataPath, timeoutMs, lastWords }: Starting,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    if (child.pid === undefined) {
      throw new MillraceError(
        "MISSING_DEPENDENCY",
        `${child.spawnfile} cannot be started as VictoriaMetrics; check the option binary.`,
      );
    }
    if (child.exitCode !== null || child.signalCode !== null) {
      await ended;
      throw new MillraceError("REMOTE_FAILED", `VictoriaMetrics did not start: ${lastWords()}`);
    }
    // Who has taken its port may never answer: where ours has ended, that is known without it.
    const gone = ended.then(() => false);
    if (await Promise.race([isHealthy(url, dataPath, deadline), gone])) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const seconds = timeoutMs / 1000;
  throw new MillraceError(
    "TIMEOUT",
    `VictoriaMetrics did not answer within ${seconds} s: ${lastWords()}`,
  );
}

/** Whether it answers, and it is not another one that has taken the port: that one's data is not ours. */
async function isHealthy(url: string, dataPath: string, deadline: number): Promise<boolean> {
  const health = await ask(`${url}/health`, deadline);
  if (health?.status !== 200) return false;
  const flags = await ask(`${url}/flags`, deadline);
  if (flags === undefined) return false;
  const stated = /-storageDataPath=(".*")/.exec(flags.body)?.[1];
  // Flags may be kept secret, and odd characters are written as in Go.
  return stated === undefined || [dataPath, undefined].includes(parsedText(stated));
}

function parsedText(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return undefined;
  }
}

/** Its answer, or undefined where it gives none in time. */
function ask(
  url: string,
  deadline: number,
): Promise<{ readonly status: number | undefined; readonly body: string } | undefined> {
  return new Promise((resolve) => {
    // Whose certificate it is does not matter: it is our own child.
    const signal = AbortSignal.timeout(Math.max(1, Math.ceil(deadline - performance.now())));
    const options = { agent: false, rejectUnauthorized: false, signal };
    const request = url.startsWith("https:") ? requestByTls : requestPlainly;
    request(url, options, (answer) => {
      text(answer).then(
        (body) => resolve({ status: answer.statusCode, body }),
        () => resolve(undefined),
      );
    })
      .on("error", () => resolve(undefined))
      .end();
  });
}

/** Settles when it has ended and everything that it said was read. */
function exitOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
