import { loadConfig } from "@millrace/core";
import { pino } from "pino";
import { type RunningServer, startServer } from "./server.ts";
import { serverSettings, serverVariables } from "./settings.ts";

/** Where a server that runs as a program gets its settings from. */
export interface ServerSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A JSON file; undefined: none. */
  readonly configPath?: string;
  /** What was typed; wins over the rest. */
  readonly overrides?: Readonly<Record<string, unknown>>;
  /** Takes the log, one line of JSON an entry. */
  readonly log: { write(text: string): void };
}

/**
 * Reads the settings and starts the server.
 *
 * @throws MillraceError INVALID_OPTION when a setting is wrong
 */
export async function runServer(surroundings: ServerSurroundings): Promise<RunningServer> {
  const { env, configPath, overrides = {}, log } = surroundings;
  const settings = await loadConfig(serverSettings, {
    ...(configPath === undefined ? {} : { file: { path: configPath, required: true } }),
    env: { prefix: "MILLRACE_", values: serverVariables(env) },
    overrides,
  });
  return await startServer(settings, { logger: pino({ level: settings.logLevel }, log) });
}
