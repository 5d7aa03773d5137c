import type { ByteSource } from "./byte-source.ts";

/** A window over a source that moves forwards and is read in large pieces. */
export interface ByteWindow {
  /** The whole of a source's bytes `[offset, offset + length)`, or undefined where the source ends before. */
  at(offset: number, length: number): Promise<DataView | undefined>;
}

/** A distance that is worth a read of its own. */
const JUMP = 4096;

/**
 * Reads small things that lie near one another, such as the headers of boxes or packets, without a read for each.
 *
 * Where it goes on near the last place it reads `pieceBytes` at once, and after a jump 4 KiB, so that headers between
 * large payloads do not cost the payloads.
 *
 * @param pieceBytes - how much is read at once
 */
export function byteWindow(
  source: ByteSource,
  pieceBytes: number,
  signal?: AbortSignal,
): ByteWindow {
  let piece: Uint8Array = new Uint8Array(0);
  let start = 0;
  return {
    async at(offset, length) {
      if (offset + length > source.sizeBytes) return undefined;
      if (offset < start || offset + length > start + piece.length) {
        const near = offset >= start && offset <= start + piece.length + JUMP;
        const wanted = Math.max(length, near ? pieceBytes : JUMP);
        piece = await source.read(offset, wanted, signal ? { signal } : {});
        start = offset;
        // A file that shrinks while it is read.
        if (piece.length < length) return undefined;
      }
      return new DataView(piece.buffer, piece.byteOffset + offset - start, length);
    },
  };
}
