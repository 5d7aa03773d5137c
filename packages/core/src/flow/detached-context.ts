import { silentLogger } from "../logger.ts";
import type { RunContext } from "./context.ts";

/** The context of a flow that is read without a run: nobody listens to its events. */
export function detachedContext(signal: AbortSignal): RunContext {
  return {
    signal,
    logger: silentLogger,
    meter: { bytes: 0, bytesTotal: 0, origins: 0, originsTotal: 0 },
    emit: () => {},
  };
}
