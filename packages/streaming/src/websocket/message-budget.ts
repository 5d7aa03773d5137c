/** Messages a second that a viewer may send for long: an ack of each of 120 frames, and room. */
const RATE = 250;
/** What may come at once, as after a stall. */
const BURST = 500;

/**
 * Says whether a viewer may send one more message.
 *
 * @param now - in milliseconds, of any clock that only goes forward
 */
export function createMessageBudget(now: () => number = () => performance.now()): () => boolean {
  let left = BURST;
  let lastMs = now();
  return () => {
    const atMs = now();
    left = Math.min(BURST, left + ((atMs - lastMs) / 1_000) * RATE);
    lastMs = atMs;
    if (left < 1) return false;
    left--;
    return true;
  };
}
