import { gunzipSync, constants as zlib } from "node:zlib";
import { MillraceError } from "@millrace/core";
import { extract } from "tar-stream";
import { type ArchiveLimits, unpackedCap } from "../archive/limits.ts";
import { type DatPeek, peekDat } from "../oceanstor/peek.ts";

/** Enough for the map of a large array; a file with a larger one is inflated further. */
const FIRST_LOOK_BYTES = 16 * 1024;

/**
 * The head of a period file, inflated as little as it takes.
 *
 * @param path - of the member inside its container
 */
export async function peekMember(
  path: string,
  packed: Uint8Array,
  limits: ArchiveLimits,
): Promise<DatPeek> {
  if (/\.dat$/i.test(path)) return peekDat(packed, path, path, packed.length);
  let look = FIRST_LOOK_BYTES;
  while (true) {
    const whole = look >= packed.length;
    try {
      const start = beginning(packed.subarray(0, look), unpackedCap(limits, packed.length));
      const document = await firstDocument(start, path);
      return peekDat(document.bytes, path, document.path, document.sizeBytes);
    } catch (error) {
      if (whole || (MillraceError.is(error) && error.code === "LIMIT_EXCEEDED")) throw error;
      look *= 4;
    }
  }
}

/** What the first bytes of a gzip file inflate to; the checksum at its end is not reached. */
function beginning(packed: Uint8Array, cap: number): Buffer {
  try {
    return gunzipSync(packed, { finishFlush: zlib.Z_SYNC_FLUSH, maxOutputLength: cap });
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE") {
      throw new MillraceError(
        "LIMIT_EXCEEDED",
        `It unpacks to more than ${cap} bytes before its first .dat file is found.`,
        { cause },
      );
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError("CORRUPT_INPUT", `It is no intact gzip file: ${reason}.`, { cause });
  }
}

/** The first `.dat` of a tar of which only the beginning is there. */
function firstDocument(
  tarBytes: Buffer,
  name: string,
): Promise<{ readonly path: string; readonly bytes: Uint8Array; readonly sizeBytes: number }> {
  return new Promise((resolve, reject) => {
    const tar = extract();
    const fail = (): void => {
      reject(new MillraceError("CORRUPT_INPUT", `${name} holds no .dat file.`));
    };
    tar.on("entry", (header, stream, next) => {
      stream.on("error", fail);
      if (header.type === "file" && /\.dat$/i.test(header.name)) {
        stream.once("data", (bytes) => {
          const sizeBytes = header.size ?? 0;
          resolve({ path: header.name, bytes: bytes as Uint8Array, sizeBytes });
          tar.destroy();
        });
        stream.once("end", fail);
      } else {
        stream.once("end", next);
        stream.resume();
      }
    });
    tar.once("error", fail);
    tar.once("close", fail);
    tar.end(tarBytes);
  });
}
