import type { PlayerCore } from "./player-core.ts";

/** How a connection ended. */
export interface ConnectionEnd {
  /** Whether trying again may help; `"over"` when the stream is at its end. */
  readonly kind: "again" | "over" | "never";
  readonly reason: string;
}

const FIRST_WAIT_MS = 250;
const MOST_WAIT_MS = 5_000;

/**
 * Connects, and again when the connection breaks, with growing waits in which chance has a part: the viewers of a server
 * that comes back must not all come in the same instant.
 *
 * @param connect - settles when the connection has ended; a rejection is one that may be tried again
 */
export async function keepConnected(
  core: PlayerCore,
  signal: AbortSignal,
  maxAttempts: number,
  connect: (signal: AbortSignal) => Promise<ConnectionEnd>,
): Promise<void> {
  let attempts = 0;
  while (core.isOpen) {
    const shown = core.stats().count;
    const end = await connect(signal).catch(
      (error: unknown): ConnectionEnd => ({
        kind: "again",
        reason: error instanceof Error ? error.message : String(error),
      }),
    );
    if (!core.isOpen) return;
    if (end.kind === "over") {
      core.set("ended", end.reason);
    } else if (end.kind === "never") {
      core.set("failed", end.reason);
    } else {
      attempts = core.stats().count > shown ? 1 : attempts + 1;
      if (attempts > maxAttempts) {
        core.set("failed", `${maxAttempts} attempts: ${end.reason}`);
        return;
      }
      core.set("reconnecting", end.reason);
      const most = Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempts - 1));
      await pause(most * (0.5 + Math.random() / 2), signal);
    }
  }
}

async function pause(waitMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((done) => {
    const timer = setTimeout(done, waitMs);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        done();
      },
      { once: true },
    );
  });
}
