/** Longest that anything in a suite may take to settle, unless the options say otherwise. */
const SETTLE_MS = 2_000;

/**
 * Settles like `promise`, or rejects with a sentence once the time is up: a promise that hangs should
 * fail its own check and not the whole test file.
 */
export async function settles<T>(
  promise: PromiseLike<T>,
  what: string,
  withinMs: number = SETTLE_MS,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what} did not settle in ${withinMs} ms`)),
      withinMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** How a promise ended, as data. */
export type Outcome<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "error"; readonly error: unknown };

/** Like {@link settles}, but tells a rejection instead of throwing it. */
export async function outcomeOf<T>(
  promise: PromiseLike<T>,
  what: string,
  withinMs: number = SETTLE_MS,
): Promise<Outcome<T>> {
  const told = promise.then(
    (value): Outcome<T> => ({ kind: "value", value }),
    (error: unknown): Outcome<T> => ({ kind: "error", error }),
  );
  return await settles(told, what, withinMs);
}

/** Lets everything that is ready run: a few turns of the event loop, without measuring time. */
export async function someTurns(turns = 5): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits, turn by turn, until `test` holds. */
export async function eventually(
  test: () => boolean,
  what: () => string,
  withinMs: number = SETTLE_MS,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!test()) {
    if (performance.now() > deadline) throw new Error(what());
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
