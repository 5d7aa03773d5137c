import type { RunContext } from "../flow/context.ts";
import type { RunEvent } from "../flow/run-event.ts";
import { silentLogger } from "../logger.ts";

/** A {@link RunContext} that remembers what the plugin said. */
export interface TestContext extends RunContext {
  /** Every event that was emitted, in order. */
  readonly events: readonly RunEvent[];
}

/**
 * A context for calling a plugin by hand, without a run: never aborted, silent, with empty counters.
 *
 * @param overrides - replace single fields: a `signal` of your own, say
 * @example
 * ```ts
 * import { fromItems } from "@millrace/core";
 * import { testContext } from "@millrace/core/testing";
 *
 * const abort = new AbortController();
 * const context = testContext({ signal: abort.signal });
 * for await (const item of fromItems([1, 2, 3]).open(context)) console.log(item);
 * context.events; // what the source said about it
 * ```
 */
export function testContext(overrides: Partial<RunContext> = {}): TestContext {
  const events: RunEvent[] = [];
  return {
    signal: overrides.signal ?? new AbortController().signal,
    logger: overrides.logger ?? silentLogger,
    meter: overrides.meter ?? { bytes: 0, bytesTotal: 0, origins: 0, originsTotal: 0 },
    events,
    emit(event) {
      events.push(event);
      overrides.emit?.(event);
    },
  };
}
