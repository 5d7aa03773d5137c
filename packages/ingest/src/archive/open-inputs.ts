import { realpath } from "node:fs/promises";
import { type MillraceError, wrapError } from "@millrace/core";
import type { Container } from "./container.ts";
import type { ArchiveLimits } from "./limits.ts";
import { openContainer } from "./open-container.ts";
import type { RemoteOptions } from "./open-remote.ts";
import { inputName } from "./remote-input.ts";

/** An input that is open. */
export interface OpenedInput {
  readonly path: string;
  readonly container: Container;
}

/** An input that is not open. */
export interface PassedInput {
  readonly path: string;
  readonly container: undefined;
  /** Its path, with a number where that was told of before. */
  readonly origin: string;
  readonly reason: string;
  /** Undefined for one that is left out on purpose. */
  readonly error: MillraceError | undefined;
}

/**
 * Opens inputs one after the other, each closed before the next; the zips of a folder come behind it.
 * A file or folder that was opened before is passed over, whatever path leads to it.
 */
export async function* openInputs(
  inputs: readonly string[],
  limits: ArchiveLimits,
  signal: AbortSignal | undefined,
  remote: RemoteOptions = {},
): AsyncGenerator<OpenedInput | PassedInput> {
  const opened = new OpenedPaths();
  const queue = [...inputs];
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    signal?.throwIfAborted();
    const again = await opened.note(path);
    if (again !== undefined) {
      yield again;
      continue;
    }
    let container: Container;
    try {
      container = await openContainer(path, limits, remote, signal);
    } catch (cause) {
      signal?.throwIfAborted();
      const origin = inputName(path);
      const error = wrapError(cause, `Opening ${origin}`);
      yield { path, container: undefined, origin, reason: error.message, error };
      continue;
    }
    try {
      queue.unshift(...container.nested);
      yield { path, container };
    } finally {
      await container[Symbol.asyncDispose]();
    }
  }
}

/** The paths that led to each file or folder. */
class OpenedPaths {
  readonly #paths = new Map<string, string[]>();

  /** Notes a path; says so where it leads to what was noted before. */
  async note(path: string): Promise<PassedInput | undefined> {
    const real = await realpath(path).catch(() => path);
    const paths = this.#paths.get(real) ?? [];
    this.#paths.set(real, paths);
    const times = paths.push(path);
    const [first] = paths;
    if (times === 1) return undefined;
    const same = paths.filter((other) => other === path).length;
    const reason =
      first === path
        ? "Given twice; it is read once."
        : `The same file as ${inputName(first ?? "")}.`;
    const name = inputName(path);
    const origin = same === 1 ? name : `${name} (${same})`;
    return { path, container: undefined, origin, reason, error: undefined };
  }
}
