import { MillraceError } from "@millrace/core/web";

/** Bytes between one who writes and one who reads, where the writer waits for the reader. */
export interface ByteQueue {
  /**
   * Puts bytes in; settles when there is room for more.
   *
   * @throws MillraceError CLOSED when the reader has left
   */
  push(bytes: Uint8Array): Promise<void>;
  /** Says that no more comes; settles when all was read. */
  end(): Promise<void>;
  /** Ends it with an error for both. */
  fail(error: unknown): void;
  /** The bytes, once. */
  readonly output: AsyncIterable<Uint8Array>;
}

/**
 * Makes a queue.
 *
 * @param highWaterMark - bytes that wait at most before the writer does
 */
export function byteQueue(highWaterMark: number): ByteQueue {
  const queue: Uint8Array[] = [];
  let sizeBytes = 0;
  let isEnded = false;
  let failure: { readonly error: unknown } | undefined;
  let wake: (() => void)[] = [];
  const changed = (): void => {
    const woken = wake;
    wake = [];
    for (const one of woken) one();
  };
  const change = (): Promise<void> => new Promise((resolve) => wake.push(resolve));
  const fail = (error: unknown): void => {
    failure ??= { error };
    changed();
  };
  const check = (): void => {
    if (failure) throw failure.error;
  };

  async function* read(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) {
        check();
        const bytes = queue.shift();
        if (bytes) {
          sizeBytes -= bytes.length;
          changed();
          yield bytes;
        } else if (isEnded) return;
        else await change();
      }
    } finally {
      if (!isEnded || queue.length > 0) {
        fail(new MillraceError("CLOSED", "The reader of the file has left."));
      }
    }
  }

  return {
    async push(bytes) {
      check();
      queue.push(bytes);
      sizeBytes += bytes.length;
      changed();
      while (sizeBytes > highWaterMark) {
        await change();
        check();
      }
    },
    async end() {
      isEnded = true;
      changed();
      while (queue.length > 0) {
        check();
        await change();
      }
    },
    fail,
    output: { [Symbol.asyncIterator]: read },
  };
}
