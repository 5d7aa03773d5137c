import { readFile } from "node:fs/promises";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { MillraceError } from "../errors.ts";
import { validate } from "./validate.ts";

/** Where {@link loadConfig} looks, from weakest to strongest. */
export interface ConfigSources {
  /** Weakest of all. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** A JSON file. */
  readonly file?: {
    readonly path: string;
    /** Whether its absence is an error: true when a person named it. @defaultValue false */
    readonly required?: boolean;
  };
  /** Environment: with the prefix `APP_`, `APP_VM_URL` sets `vmUrl`. Values stay text; let the schema coerce. */
  readonly env?: {
    readonly prefix: string;
    readonly values: Readonly<Record<string, string | undefined>>;
  };
  /** Strongest of all: what was typed on the command line. Undefined values count as absent. */
  readonly overrides?: Readonly<Record<string, unknown>>;
}

/**
 * Merges defaults, a JSON file, the environment and overrides, and checks the result.
 *
 * Packages of the SDK read no environment: an application calls this and hands them options.
 *
 * @throws MillraceError NOT_FOUND when a required file is missing
 * @throws MillraceError CORRUPT_INPUT when the file is no JSON object
 * @throws MillraceError INVALID_OPTION when the schema refuses the result
 */
export async function loadConfig<T>(
  schema: StandardSchemaV1<unknown, T>,
  sources: ConfigSources,
): Promise<T> {
  const { defaults, file, env, overrides } = sources;
  const merged: Record<string, unknown> = { ...defaults };
  if (file !== undefined) Object.assign(merged, await readJsonObject(file.path, file.required));
  if (env !== undefined) Object.assign(merged, fromEnvironment(env.prefix, env.values));
  for (const [key, value] of Object.entries(overrides ?? {})) {
    if (value !== undefined) merged[key] = value;
  }
  return await validate(schema, merged, "the configuration");
}

async function readJsonObject(path: string, required = false): Promise<object> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const missing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    if (missing && !required) return {};
    const reason = missing ? "there is no such file" : (cause as Error).message;
    throw new MillraceError("NOT_FOUND", `Cannot read the configuration file ${path}: ${reason}.`, {
      cause,
    });
  }
  const value = parseJson(text, path);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new MillraceError("CORRUPT_INPUT", `The configuration file ${path} must hold one object.`);
}

function parseJson(text: string, path: string): unknown {
  try {
    // Some editors begin a file with a byte order mark, which JSON does not know.
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    const where = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError(
      "CORRUPT_INPUT",
      `The configuration file ${path} is no JSON: ${where}.`,
      {
        cause,
      },
    );
  }
}

function fromEnvironment(
  prefix: string,
  values: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    if (!name.startsWith(prefix) || value === undefined || value === "") continue;
    const words = name.slice(prefix.length).toLowerCase().split("_");
    const [first = "", ...rest] = words;
    found[first + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("")] =
      value;
  }
  return found;
}
