import { copyOf, type RandomAccess } from "./random-access.ts";

const MIB = 1024 * 1024;
const FIRST_WINDOW_BYTES = MIB;
const LARGEST_WINDOW_BYTES = 4 * MIB;
/** The directory of a zip, and the places that the files of a few controllers lie in. */
const WINDOWS = 4;

interface Window {
  readonly startBytes: number;
  readonly bytes: Buffer;
}

/**
 * Reads in pieces of 1 to 4 MiB, the larger the longer it goes on in sequence, and keeps the last few:
 * each request to another machine costs a round trip.
 */
export function readAhead(access: RandomAccess, known?: Window): RandomAccess {
  const { name, sizeBytes } = access;
  const windows: Window[] = known === undefined ? [] : [known];
  let windowBytes = FIRST_WINDOW_BYTES;
  let nextAt = -1;
  return {
    name,
    sizeBytes,
    async read(offset, length, signal) {
      const wanted = Math.max(0, Math.min(length, sizeBytes - offset));
      const end = offset + wanted;
      const at = windows.findIndex((window) => {
        return window.startBytes <= offset && end <= window.startBytes + window.bytes.length;
      });
      const [hit] = at < 0 ? [] : windows.splice(at, 1);
      if (hit !== undefined) {
        windows.push(hit);
        return copyOf(hit.bytes.subarray(offset - hit.startBytes, end - hit.startBytes));
      }
      // A little is passed over between two files that are wanted.
      const inSequence = offset >= nextAt - windowBytes && offset <= nextAt + windowBytes;
      windowBytes = inSequence
        ? Math.min(windowBytes * 2, LARGEST_WINDOW_BYTES)
        : FIRST_WINDOW_BYTES;
      // From the end backwards, as the directory of a zip is looked for.
      const ahead = Math.min(Math.max(wanted, windowBytes), sizeBytes - offset);
      const bytes = await access.read(offset, ahead, signal);
      nextAt = offset + bytes.length;
      if (wanted >= ahead) return bytes;
      windows.push({ startBytes: offset, bytes });
      if (windows.length > WINDOWS) windows.shift();
      return copyOf(bytes.subarray(0, wanted));
    },
    close: () => access.close(),
  };
}
