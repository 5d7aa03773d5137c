import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { MillraceError } from "@millrace/core";
import type { CommandIo, ExitCode, TextOutput } from "./command-io.ts";

/** What may be typed behind `millrace serve`. */
export interface ServeFlags {
  readonly host?: string;
  readonly port?: string;
  readonly data?: string;
  readonly vmUrl?: string;
  readonly grafanaUrl?: string;
  readonly tokenFile?: string;
  readonly watch?: string;
  readonly watchKeep?: boolean;
  readonly concurrency?: string;
  readonly role?: string;
  readonly queueUrl?: string;
  readonly config?: string;
  readonly logLevel?: string;
}

/** What is used of the package with the server. */
interface ServerModule {
  runServer(surroundings: {
    readonly env: CommandIo["env"];
    readonly configPath?: string;
    readonly overrides: Readonly<Record<string, unknown>>;
    readonly log: TextOutput;
  }): Promise<{ readonly url: string; close(): Promise<void> }>;
}

// A bundler must leave this alone: the server is heavy, and few who load archives need it.
const SERVER: string = "@millrace/full-server";

/** Carries out `millrace serve`. */
export async function runServe(flags: ServeFlags, io: CommandIo): Promise<ExitCode> {
  const { runServer } = await findServer(io.cwd);
  const { data, watch, config, tokenFile, ...others } = flags;
  const server = await runServer({
    env: io.env,
    ...(config === undefined ? {} : { configPath: resolve(io.cwd, config) }),
    overrides: {
      ...others,
      dataFolder: data === undefined ? undefined : resolve(io.cwd, data),
      watchFolder: watch === undefined ? undefined : resolve(io.cwd, watch),
      token: tokenFile === undefined ? undefined : await readToken(resolve(io.cwd, tokenFile)),
    },
    log: io.stderr,
  });
  io.stdout.write(`Millrace is at ${server.url}\n`);
  await new Promise<void>((stop) => {
    const stopListening = io.onInterrupt(() => {
      stopListening();
      stop();
    });
  });
  io.stderr.write("Stopping: loads are put down where they are.\n");
  await server.close();
  return 0;
}

/** Looks where the command is installed, then where it was typed. */
async function findServer(cwd: string): Promise<ServerModule> {
  try {
    return await import(SERVER);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  try {
    const path = createRequire(join(cwd, "from-here.js")).resolve(SERVER);
    return await import(pathToFileURL(path).href);
  } catch (cause) {
    if (!isMissing(cause)) throw cause;
    throw new MillraceError(
      "MISSING_DEPENDENCY",
      `The web application is a package of its own. Install it: npm install ${SERVER}`,
      { cause },
    );
  }
}

/** Missing itself; what it lacks in turn is another error. */
function isMissing(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  const isNotFound = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND";
  return isNotFound && message.includes(SERVER);
}

async function readToken(path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError("INVALID_OPTION", `--token-file: ${path} cannot be read: ${why}.`, {
      cause,
    });
  }
}
