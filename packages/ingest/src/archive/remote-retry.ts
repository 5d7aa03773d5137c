import { setTimeout as pause } from "node:timers/promises";
import { MillraceError } from "@millrace/core";

/** When a request to another machine is tried again. */
export interface RemoteRetry {
  /** Tries in all. @defaultValue 6 */
  readonly tries: number;
  /** Longest pause before the second try; doubles each time. @defaultValue 250 */
  readonly firstDelayMs: number;
  /** Longest pause of all. @defaultValue 10,000 */
  readonly maxDelayMs: number;
}

const DEFAULTS: RemoteRetry = { tries: 6, firstDelayMs: 250, maxDelayMs: 10_000 };

/**
 * Calls again, after a random pause that grows (full jitter), while the failure is one that may pass. A
 * call that got somewhere starts the count anew.
 *
 * @param call - given the number of the try; throws a retryable `MillraceError` to be called again
 */
export async function persist<T>(
  call: () => Promise<T>,
  given: Partial<RemoteRetry> | undefined,
  signal: AbortSignal | undefined,
): Promise<T> {
  const { tries, firstDelayMs, maxDelayMs } = { ...DEFAULTS, ...given };
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      signal?.throwIfAborted();
      if (!MillraceError.is(error) || !error.retryable || attempt >= tries) throw error;
      const askedMs = Number(error.details["retryAfter"]) * 1000;
      const limitMs = Math.min(maxDelayMs, firstDelayMs * 2 ** (attempt - 1));
      const delayMs = askedMs > 0 ? Math.min(askedMs, maxDelayMs) : Math.random() * limitMs;
      await pause(delayMs, undefined, { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}
