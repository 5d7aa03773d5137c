import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { MillraceError } from "@millrace/core";

/** Where the database is and who asks it, as in the settings. */
export interface DatabaseSettings {
  readonly vmUrl: string;
  readonly vmSelectUrl?: string | undefined;
  readonly vmUser?: string | undefined;
  /** Never on a command line, where every process of the machine can read it. */
  readonly vmPassword?: string | undefined;
  readonly vmPasswordFile?: string | undefined;
  readonly vmBearerToken?: string | undefined;
  readonly vmBearerTokenFile?: string | undefined;
  readonly vmHeaders: Readonly<Record<string, string>>;
  readonly vmHeadersFile?: string | undefined;
  /** Files in PEM. */
  readonly vmCa?: string | undefined;
  readonly vmCert?: string | undefined;
  readonly vmKey?: string | undefined;
  readonly vmServerName?: string | undefined;
  readonly vmInsecure: boolean;
}

/** The same as the packages take it. */
export type DatabaseAccess = Pick<
  import("@millrace/vm-sink").VictoriaMetricsOptions,
  "url" | "selectUrl" | "headers" | "bearerToken" | "basic" | "tls"
>;

/**
 * Reads the files that the settings name.
 *
 * @param settings - with absolute paths
 * @throws MillraceError INVALID_OPTION naming the option, for a file that cannot be read, and for what
 * does not go together
 */
export async function databaseAccess(settings: DatabaseSettings): Promise<DatabaseAccess> {
  const { vmUrl, vmSelectUrl, vmUser, vmHeaders, vmHeadersFile } = settings;
  const password = await secret("vmPassword", settings);
  const bearerToken = await secret("vmBearerToken", settings);
  if ((vmUser === undefined) !== (password === undefined)) {
    throw new MillraceError(
      "INVALID_OPTION",
      vmUser === undefined
        ? "There is a password for the database, but no user: add --vm-user <name>."
        : "--vm-user needs a password: set MILLRACE_VM_PASSWORD, or name a file with --vm-password-file.",
    );
  }
  const headers =
    vmHeadersFile === undefined
      ? vmHeaders
      : { ...vmHeaders, ...headersIn(await text("--vm-headers-file", vmHeadersFile)) };
  const tls = await tlsOf(settings);
  return {
    url: vmUrl,
    ...(vmSelectUrl === undefined ? {} : { selectUrl: vmSelectUrl }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(bearerToken === undefined ? {} : { bearerToken }),
    ...(vmUser === undefined || password === undefined
      ? {}
      : { basic: { username: vmUser, password } }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
  };
}

/** The settings with every path of a file taken from the folder `cwd`. */
export function withAbsoluteFiles<T extends DatabaseSettings>(settings: T, cwd: string): T {
  const absolute = FILES.map((name) => [name, settings[name] && resolve(cwd, settings[name])]);
  return { ...settings, ...Object.fromEntries(absolute) };
}

const FILES = [
  "vmPasswordFile",
  "vmBearerTokenFile",
  "vmHeadersFile",
  "vmCa",
  "vmCert",
  "vmKey",
] as const;

async function secret(
  name: "vmPassword" | "vmBearerToken",
  settings: DatabaseSettings,
): Promise<string | undefined> {
  const [given, path] = [settings[name], settings[`${name}File`]];
  if (path === undefined) return given;
  // An editor ends a file with a newline, which is no part of the secret.
  return (await text(OPTIONS[name], path)).replace(/\r?\n$/, "");
}

const OPTIONS = {
  vmPassword: "--vm-password-file",
  vmBearerToken: "--vm-bearer-token-file",
} as const;

async function tlsOf(settings: DatabaseSettings): Promise<NonNullable<DatabaseAccess["tls"]>> {
  const { vmCa, vmCert, vmKey, vmServerName, vmInsecure } = settings;
  return {
    ...(vmCa === undefined ? {} : { ca: await text("--vm-ca", vmCa) }),
    ...(vmCert === undefined ? {} : { cert: await text("--vm-cert", vmCert) }),
    ...(vmKey === undefined ? {} : { key: await text("--vm-key", vmKey) }),
    ...(vmServerName === undefined ? {} : { serverName: vmServerName }),
    ...(vmInsecure ? { insecureSkipVerify: true } : {}),
  };
}

/** Lines such as `X-Scope-OrgID: 7`; empty ones and those that begin with # are left out. */
function headersIn(lines: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [i, line] of lines.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    if (colon <= 0) {
      // The line itself may be a secret.
      throw new MillraceError(
        "INVALID_OPTION",
        `--vm-headers-file: line ${i + 1} has no colon; write a name, a colon and the value.`,
      );
    }
    headers[line.slice(0, colon).trim()] = line.slice(colon + 1).trim();
  }
  return headers;
}

async function text(option: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError("INVALID_OPTION", `${option}: ${path} cannot be read: ${why}.`, {
      cause,
    });
  }
}
