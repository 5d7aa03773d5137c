import yauzl from "yauzl";
import type { RandomAccess } from "./random-access.ts";

/** Read at once while small neighbouring pieces are asked for. */
const WINDOW_BYTES = 256 * 1024;
/** Pieces so close behind one another are neighbours: between them lies a small file. */
const NEARBY_BYTES = 4 * 1024;

/**
 * Bytes for yauzl that are read ahead while they are read in sequence.
 *
 * The central directory is asked for in two small pieces an entry; each would be a trip to a thread, and
 * listing 12,000 files would take over a second. The same holds for the headers of small files. Members
 * are read whole, with {@link readBytes}.
 */
export class WindowedFile extends yauzl.RandomAccessReader {
  readonly #access: RandomAccess;
  #window: Buffer = Buffer.alloc(0);
  #windowAt = 0;
  #lastEnd = -1;

  constructor(access: RandomAccess) {
    super();
    this.#access = access;
  }

  /** Called by yauzl; asks for no more than a few hundred bytes at a time. */
  override read(
    target: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    this.readPiece(position, length).then(
      (piece) => callback(null, piece.copy(target, offset)),
      (error: Error) => callback(error),
    );
  }

  /** So many bytes from `position` on, or as many as the file has there; a buffer of their own. */
  readBytes(position: number, length: number): Promise<Buffer<ArrayBuffer>> {
    return this.#access.read(position, length);
  }

  /** The same of a few bytes, as a view that may hold others alive: read ahead where that pays. */
  async readPiece(position: number, length: number): Promise<Buffer> {
    const gap = position - this.#lastEnd;
    const inSequence = this.#lastEnd >= 0 && gap >= 0 && gap <= NEARBY_BYTES;
    this.#lastEnd = position + length;
    const end = position + length - this.#windowAt;
    if (position < this.#windowAt || end > this.#window.length) {
      this.#window = await this.readBytes(position, inSequence ? WINDOW_BYTES : length);
      this.#windowAt = position;
    }
    const from = position - this.#windowAt;
    return this.#window.subarray(from, from + length);
  }

  override close(callback: (error: Error | null) => void): void {
    this.#access.close().then(() => callback(null), callback);
  }
}
