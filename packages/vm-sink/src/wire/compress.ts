import { promisify } from "node:util";
import * as zlib from "node:zlib";
import type { Compression } from "../encode/body-format.ts";

/** Compresses bodies on Node's thread pool. */
export interface Compressor {
  /** Also what it is called in `content-encoding`. */
  readonly name: Compression;
  /** The bytes must not change until this settles. */
  compress(bytes: Buffer): Promise<Buffer>;
}

/** Measured: higher levels cost several times the work and save a tenth of the bytes. */
const LEVEL = 1;
/** One round to the thread pool and back for a body of usual size. */
const CHUNK_BYTES = 256 * 1024;

/** The compressor of a name; undefined where this Node has none (zstd before 22.15). */
export function compressorOf(name: Compression): Compressor | undefined {
  if (name === "gzip") {
    const gzip = promisify<zlib.InputType, zlib.ZlibOptions, Buffer>(zlib.gzip);
    return { name, compress: (bytes) => gzip(bytes, { level: LEVEL, chunkSize: CHUNK_BYTES }) };
  }
  // Node calls it experimental still, so it may be missing.
  if (typeof zlib.zstdCompress !== "function") return undefined;
  const zstd = promisify<zlib.InputType, zlib.ZstdOptions, Buffer>(zlib.zstdCompress);
  const params = { [zlib.constants.ZSTD_c_compressionLevel]: LEVEL };
  return { name, compress: (bytes) => zstd(bytes, { params, chunkSize: CHUNK_BYTES }) };
}
