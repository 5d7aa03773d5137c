import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { validate } from "../config/validate.ts";
import { MillraceError, wrapError } from "../errors.ts";
import type { Plugin, PluginKind, PluginKinds } from "./define-plugin.ts";

/** What the caller of {@link loadPlugin} expects to find. */
export interface LoadPluginOptions<K extends PluginKind> {
  readonly kind: K;
  /** Folder from which the specifier is resolved. @defaultValue the working folder */
  readonly from?: string;
  /** Options for the plugin, checked by its own schema. @defaultValue none */
  readonly options?: Readonly<Record<string, unknown>>;
  /** The currency that will flow in; a plugin that accepts another one is refused. */
  readonly accepts?: string;
  /** The currency that must come out; a plugin that emits another one is refused. */
  readonly emits?: string;
}

/**
 * Imports a plugin by specifier (`./my-sink.ts`, `some-package`, `some-package/sink`) and creates it.
 *
 * The module runs with all rights of the process: load only what you would run.
 *
 * @throws MillraceError NOT_FOUND when nothing is there under that specifier
 * @throws MillraceError UNSUPPORTED when the module is no plugin, or one of another kind, contract
 * version or currency
 * @throws MillraceError INVALID_OPTION when the plugin's schema refuses the options
 */
export async function loadPlugin<K extends PluginKind>(
  specifier: string,
  expected: LoadPluginOptions<K>,
): Promise<PluginKinds[K]> {
  const plugin = asPlugin(await importFrom(specifier, expected.from ?? process.cwd()), specifier);
  if (plugin.apiVersion !== 1) {
    throw new MillraceError(
      "UNSUPPORTED",
      `Plugin "${specifier}" is written for contract version ${String(plugin.apiVersion)}; this is version 1. Install a release of it that fits.`,
    );
  }
  if (plugin.kind !== expected.kind) {
    throw new MillraceError(
      "UNSUPPORTED",
      `Plugin "${specifier}" is a ${plugin.kind}, not a ${expected.kind}.`,
    );
  }
  for (const side of ["accepts", "emits"] as const) {
    const wanted = expected[side];
    const actual = plugin[side];
    if (wanted === undefined || actual === undefined || wanted === actual) continue;
    throw new MillraceError(
      "UNSUPPORTED",
      `Plugin "${specifier}" ${side} "${actual}", but "${wanted}" flows here.`,
    );
  }
  const given = expected.options ?? {};
  const options =
    plugin.options === undefined
      ? given
      : await validate(plugin.options, given, `the options of plugin "${specifier}"`);
  try {
    return (await plugin.create(options)) as PluginKinds[K];
  } catch (error) {
    throw wrapError(error, `plugin "${specifier}"`);
  }
}

async function importFrom(specifier: string, from: string): Promise<unknown> {
  let resolved: string;
  try {
    resolved = createRequire(resolve(from, "noop.js")).resolve(specifier);
  } catch (cause) {
    const hint = /^[./]/.test(specifier)
      ? "check the path."
      : `install it there, or write ./${specifier} for a file.`;
    throw new MillraceError("NOT_FOUND", `No plugin "${specifier}" as seen from ${from}: ${hint}`, {
      cause,
    });
  }
  try {
    return await import(pathToFileURL(resolved).href);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError("INTERNAL", `Plugin "${specifier}" failed to load: ${text}`, { cause });
  }
}

function asPlugin(module: unknown, specifier: string): Plugin {
  const candidate =
    typeof module === "object" && module !== null && "default" in module ? module.default : module;
  if (
    typeof candidate === "object" &&
    candidate !== null &&
    "kind" in candidate &&
    "create" in candidate &&
    typeof candidate.create === "function"
  ) {
    return candidate as Plugin;
  }
  throw new MillraceError(
    "UNSUPPORTED",
    `"${specifier}" exports no plugin as default; export default definePlugin({ … }).`,
  );
}
