import type { Backoff } from "./job-queue.ts";

/** Pauses between attempts where none are asked for. */
export const BACKOFF: Backoff = { firstMs: 1_000, mostMs: 60_000 };

/**
 * The pause before the next attempt: at random between 0 and its bound ("full jitter"), so that many jobs that
 * failed together do not come back together.
 *
 * @param attempts - attempts so far, 1 or more
 * @param random - between 0 and 1
 */
export function backoffMs(
  attempts: number,
  { firstMs, mostMs }: Backoff,
  random: number = Math.random(),
): number {
  // 2 ** 1024 is Infinity, and Infinity * 0 is no number.
  const bound = Math.min(mostMs, firstMs * 2 ** Math.min(attempts - 1, 64));
  return Math.floor(random * bound);
}
