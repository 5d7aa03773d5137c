import { gunzipSync, constants as zlib } from "node:zlib";
import { MillraceError } from "@millrace/core";
import { extract } from "tar-stream";
import type { ContainerEntry } from "../archive/container.ts";
import type { ArchiveLimits } from "../archive/limits.ts";
import { type DatPeek, peekDat } from "../oceanstor/peek.ts";

/** Enough for the map of a large array; a file with a larger one is inflated further. */
const FIRST_LOOK_BYTES = 16 * 1024;

/** Reads the head of a period file, inflating as little as it takes. */
export async function peekMember(entry: ContainerEntry, limits: ArchiveLimits): Promise<DatPeek> {
  const packed = await entry.read(limits);
  if (/\.dat$/i.test(entry.path)) return peekDat(packed, entry.path, entry.path);
  let look = FIRST_LOOK_BYTES;
  while (true) {
    const whole = look >= packed.length;
    try {
      const { path, bytes } = await firstDocument(beginning(packed, look), entry.path);
      return peekDat(bytes, entry.path, path);
    } catch (error) {
      if (whole) throw error;
      look *= 4;
    }
  }
}

/** What the first bytes of a gzip file inflate to; the checksum at its end is not reached. */
function beginning(packed: Uint8Array, bytes: number): Buffer {
  try {
    return gunzipSync(packed.subarray(0, bytes), { finishFlush: zlib.Z_SYNC_FLUSH });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MillraceError("CORRUPT_INPUT", `It is no intact gzip file: ${reason}.`, { cause });
  }
}

/** The first `.dat` of a tar of which only the beginning is there. */
function firstDocument(
  tarBytes: Buffer,
  name: string,
): Promise<{ readonly path: string; readonly bytes: Uint8Array }> {
  return new Promise((resolve, reject) => {
    const tar = extract();
    const fail = (): void => {
      reject(new MillraceError("CORRUPT_INPUT", `${name} holds no .dat file.`));
    };
    tar.on("entry", (header, stream, next) => {
      stream.on("error", fail);
      if (header.type === "file" && /\.dat$/i.test(header.name)) {
        stream.once("data", (bytes) => {
          resolve({ path: header.name, bytes: bytes as Uint8Array });
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
