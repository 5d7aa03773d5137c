/** Data and sound that wait for a viewer, the oldest first. */
export interface Outbox {
  readonly isEmpty: boolean;
  /** Takes an item; the oldest ones are given up when there are too many. */
  put(message: string | Uint8Array): void;
  /** Takes out what may go at once. */
  take(): readonly (string | Uint8Array)[];
}

/** Two seconds of sound, or the detections of as many frames. */
const MOST_ITEMS = 100;
const MOST_CHARS = 256 * 1024;
/** What is sent in one go, so that the next frame need not wait long behind it. */
const AT_ONCE_CHARS = 32 * 1024;

/** Makes the outbox of one viewer. */
export function createOutbox(): Outbox {
  const items: (string | Uint8Array)[] = [];
  let length = 0;
  const shift = (): string | Uint8Array | undefined => {
    const item = items.shift();
    length -= item?.length ?? 0;
    return item;
  };
  return {
    get isEmpty() {
      return items.length === 0;
    },
    put(message) {
      items.push(message);
      length += message.length;
      while (items.length > MOST_ITEMS || (length > MOST_CHARS && items.length > 1)) shift();
    },
    take() {
      const taken: (string | Uint8Array)[] = [];
      let taking = 0;
      while (
        items[0] !== undefined &&
        (taking === 0 || taking + items[0].length <= AT_ONCE_CHARS)
      ) {
        taking += items[0].length;
        taken.push(shift() as string | Uint8Array);
      }
      return taken;
    },
  };
}
