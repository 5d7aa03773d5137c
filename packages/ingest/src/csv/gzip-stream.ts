import { promisify } from "node:util";
import { constants, crc32, deflateRaw } from "node:zlib";

const deflate = promisify(deflateRaw);

/** Magic, deflate, no flags, no time, no extra flags, unknown system (RFC 1952). */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** On lines of samples 3 takes a third of the time of 6, for 17 % more bytes. */
const LEVEL = 3;
/** A last deflate block without content (RFC 1951). */
const LAST_BLOCK = Buffer.from([3, 0]);

/**
 * One gzip member made of pieces that are deflated on their own, and so on several threads at once and
 * without a compressor that is kept for every open file. Each piece ends on a byte (a sync flush), which
 * is what makes them one stream when they follow each other; with pieces of a megabyte that costs
 * 0.1 % in size.
 */
export class GzipStream {
  #crc = 0;
  #sizeBytes = 0;

  /** Packs the next piece. Pieces must be handed over in order; the results may come in any order. */
  async pack(bytes: Uint8Array): Promise<Uint8Array> {
    const first = this.#sizeBytes === 0;
    this.#crc = crc32(bytes, this.#crc);
    this.#sizeBytes += bytes.length;
    const packed = await deflate(bytes, {
      level: LEVEL,
      finishFlush: constants.Z_SYNC_FLUSH,
      chunkSize: 256 * 1024,
    });
    return first ? Buffer.concat([HEADER, packed]) : packed;
  }

  /** What follows the last piece. */
  end(): Uint8Array {
    const trailer = Buffer.alloc(8);
    trailer.writeUInt32LE(this.#crc, 0);
    trailer.writeUInt32LE(this.#sizeBytes % 2 ** 32, 4);
    return Buffer.concat([...(this.#sizeBytes === 0 ? [HEADER] : []), LAST_BLOCK, trailer]);
  }
}
