/** When to try again, and when to stop. */
export interface RetryPolicy {
  /** Longest pause before the first retry; doubles each time. @defaultValue 250 */
  readonly firstDelayMs: number;
  /** Longest pause of all. @defaultValue 30,000 */
  readonly maxDelayMs: number;
  /** When a body is given up, counted from its first try. @defaultValue never */
  readonly maxElapsedMs: number;
}

/** Patient: an archive can wait, and giving up would lose it. */
export const PATIENT_RETRY: RetryPolicy = {
  firstDelayMs: 250,
  maxDelayMs: 30_000,
  maxElapsedMs: Number.POSITIVE_INFINITY,
};

/**
 * The pause before the next try: anything from nothing to a limit that doubles (full jitter), so that
 * many clients do not come back at the same moment. A server's `Retry-After` in seconds is honoured.
 */
export function retryDelayMs(
  policy: RetryPolicy,
  attempt: number,
  retryAfter: string | undefined,
): number {
  const asked = Number(retryAfter) * 1000;
  if (asked > 0) return Math.min(asked, policy.maxDelayMs);
  const limit = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (attempt - 1));
  return Math.random() * limit;
}
