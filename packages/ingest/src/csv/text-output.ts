import { DraftFile } from "./draft-file.ts";
import { GzipStream } from "./gzip-stream.ts";

/** How an output is written. */
export interface TextFileOptions {
  readonly gzip: boolean;
  /** Whether the file descriptor is kept; not where there may be thousands of files. */
  readonly keepOpen: boolean;
}

/** A text file in the making, packed or not. */
export class TextFile {
  readonly #draft: DraftFile;
  readonly #gzip: GzipStream | undefined;
  readonly #keepOpen: boolean;
  #last: Promise<void> = Promise.resolve();

  /** @see DraftFile for `folder` and `what` */
  constructor(folder: string, what: string, { gzip, keepOpen }: TextFileOptions) {
    this.#draft = new DraftFile(folder, what);
    this.#gzip = gzip ? new GzipStream() : undefined;
    this.#keepOpen = keepOpen;
  }

  /** Bytes on the disk so far, after packing. */
  get sizeBytes(): number {
    return this.#draft.sizeBytes;
  }

  /** Adds bytes behind all earlier ones; packing starts at once. The bytes must stay until it settles. */
  append(bytes: Uint8Array): Promise<void> {
    const packing = this.#gzip?.pack(bytes);
    // Whoever waits for `written` is told; until then the failure must not count as unhandled.
    packing?.catch(() => {});
    const before = this.#last;
    const written = (async () => {
      await before;
      await this.#draft.append(packing === undefined ? bytes : await packing);
      if (!this.#keepOpen) await this.#draft.rest();
    })();
    written.catch(() => {});
    this.#last = written;
    return written;
  }

  /** Ends the text and brings it to the disk. */
  async seal(): Promise<void> {
    await this.#last;
    if (this.#gzip !== undefined) await this.#draft.append(this.#gzip.end());
    await this.#draft.seal();
  }

  /** Gives the sealed file its name. */
  publish(path: string): Promise<void> {
    return this.#draft.publish(path);
  }

  /** Removes the file unless it was published, once nothing is on its way any more; never rejects. */
  async discard(): Promise<void> {
    await this.#last.catch(() => {});
    await this.#draft.discard();
  }
}

/** Size of a piece of text on its way to a file. */
export const CHUNK_BYTES: number = 1024 * 1024;
/** Pieces that may be on their way while the next one is filled: work for some threads of the pool. */
const AHEAD = 3;

/** Buffers on their way into files, a few at once: while one is filled, others are packed and written. */
export class ChunkQueue {
  readonly #free: Buffer[] = [];
  #inFlight: Promise<void>[] = [];

  /** A buffer to fill; its content is undefined. */
  take(leastBytes: number): Buffer {
    const free = this.#free.pop();
    if (free !== undefined && free.length >= leastBytes) return free;
    return Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, leastBytes));
  }

  /** Sends the first `end` bytes of a buffer off, and takes the buffer over. Settles when the next may come. */
  async push(file: TextFile, buffer: Buffer, end: number): Promise<void> {
    const written = file.append(buffer.subarray(0, end)).then(() => {
      if (buffer.length === CHUNK_BYTES) this.#free.push(buffer);
    });
    written.catch(() => {});
    this.#inFlight.push(written);
    while (this.#inFlight.length > AHEAD) await this.#inFlight.shift();
  }

  /** Waits until everything is written. */
  async drain(): Promise<void> {
    const rest = this.#inFlight;
    this.#inFlight = [];
    await Promise.all(rest);
  }
}
