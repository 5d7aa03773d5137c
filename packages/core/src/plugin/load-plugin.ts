import { createRequire } from "node:module";
import { isAbsolute, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { validate } from "../config/validate.ts";
import { MillraceError, wrapError } from "../errors.ts";
import { abortable } from "../flow/abortable.ts";
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
  /** Ends the waiting for a module or a `create` that does not settle. @defaultValue never */
  readonly signal?: AbortSignal;
}

/** What a plugin of a kind must create at least; kinds that other packages add are theirs to check. */
const MEMBERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  source: { name: "string", open: "function" },
  sink: { name: "string", open: "function", capabilities: "object" },
};

/**
 * Imports a plugin by specifier and creates it. A path (`./my-sink.ts`) is taken from the folder `from`;
 * a package (`some-package`, `some-package/sink`) is found as an `import` in that folder would find it.
 *
 * The module runs with all rights of the process: load only what you would run.
 *
 * @throws MillraceError NOT_FOUND when nothing is there under that specifier
 * @throws MillraceError UNSUPPORTED when the module is no plugin, or one of another kind, contract
 * version or currency, or what it creates lacks a member of its kind
 * @throws MillraceError INVALID_OPTION when the plugin's schema refuses the options
 */
export async function loadPlugin<K extends PluginKind>(
  specifier: string,
  expected: LoadPluginOptions<K>,
): Promise<PluginKinds[K]> {
  const { from = process.cwd(), signal = new AbortController().signal } = expected;
  const plugin = asPlugin(await abortable(importFrom(specifier, from), signal), specifier);
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
  const created = await abortable(create(plugin, options, specifier), signal);
  checkMembers(created, expected.kind, specifier);
  return created as PluginKinds[K];
}

async function create(plugin: Plugin, options: unknown, specifier: string): Promise<unknown> {
  try {
    return await plugin.create(options);
  } catch (error) {
    throw wrapError(error, `plugin "${specifier}"`);
  }
}

function checkMembers(created: unknown, kind: PluginKind, specifier: string): void {
  const members = Object(created) as Readonly<Record<string, unknown>>;
  for (const [name, type] of Object.entries(MEMBERS[kind] ?? {})) {
    if (typeof members[name] === type && members[name] !== null) continue;
    throw new MillraceError(
      "UNSUPPORTED",
      `Plugin "${specifier}" created a ${kind} without ${name}; see the ${kind} contract of @millrace/core.`,
      { details: { missing: name } },
    );
  }
}

async function importFrom(specifier: string, from: string): Promise<unknown> {
  const url = await urlOf(specifier, from);
  try {
    return await import(url);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError("INTERNAL", `Plugin "${specifier}" failed to load: ${text}`, { cause });
  }
}

async function urlOf(specifier: string, from: string): Promise<string> {
  const parent = resolve(from, "noop.js");
  const isPath = specifier.startsWith(".") || isAbsolute(specifier);
  // `require` is no substitute for packages: it does not see what is exported to `import` alone.
  const { resolve: resolveImport } = await import("import-meta-resolve");
  try {
    return isPath
      ? pathToFileURL(createRequire(parent).resolve(specifier)).href
      : resolveImport(specifier, pathToFileURL(parent).href);
  } catch (cause) {
    const hint = isPath
      ? "check the path."
      : `install it there, or write ./${specifier} for a file.`;
    throw new MillraceError("NOT_FOUND", `No plugin "${specifier}" as seen from ${from}: ${hint}`, {
      cause,
    });
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
