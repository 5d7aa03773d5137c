import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Sink, Source, Stage } from "../flow/contracts.ts";

/** What a plugin of each kind creates. Packages add their kinds by declaration merging. */
export interface PluginKinds {
  source: Source<unknown>;
  stage: Stage<unknown, unknown>;
  // A sink takes what its plugin `accepts`; the loader compares that with what flows.
  sink: Sink<never, unknown>;
}

/** A kind of plugin. */
export type PluginKind = keyof PluginKinds;

/** A factory that configuration and the command line can find, check and call. */
export interface Plugin<K extends PluginKind = PluginKind, Options = unknown> {
  /** Version of the contract that the plugin was written for. */
  readonly apiVersion: 1;
  readonly kind: K;
  /** Short noun for messages. */
  readonly name: string;
  /** Any Standard Schema (zod, valibot, arktype …); it checks and completes the options. */
  readonly options?: StandardSchemaV1<unknown, Options>;
  /** The currency that flows in: `series-batch`, `archive-member` … */
  readonly accepts?: string;
  /** The currency that flows out. */
  readonly emits?: string;
  /** Makes the thing itself; called with checked options. */
  create(options: Options): PluginKinds[K] | Promise<PluginKinds[K]>;
}

/** What {@link definePlugin} takes: a {@link Plugin} without the parts that it fills in. */
export type PluginDefinition<K extends PluginKind, Options> = Omit<
  Plugin<K, Options>,
  "apiVersion"
>;

/**
 * Declares a plugin. Export the result by name and as default, and any `specifier` that leads to the
 * module loads it: `millrace ingest data.zip --sink ./my-sink.ts`.
 *
 * @example
 * ```ts
 * import { definePlugin, discard } from "@millrace/core";
 *
 * export const nowhere = definePlugin({
 *   kind: "sink",
 *   name: "nowhere",
 *   accepts: "series-batch",
 *   create: () => discard(),
 * });
 * export default nowhere;
 * ```
 */
export function definePlugin<K extends PluginKind, Options = Readonly<Record<string, unknown>>>(
  definition: PluginDefinition<K, Options>,
): Plugin<K, Options> {
  return { apiVersion: 1, ...definition };
}
