import type { ByteSource } from "./byte-source.ts";

/** A window over a source that moves forwards and is read in large pieces. */
export interface ByteWindow {
  /** The whole of a source's bytes `[offset, offset + length)`, or undefined where the source ends before. */
  at(offset: number, length: number): Promise<DataView | undefined>;
}

/**
 * Reads small things that lie near one another, such as the headers of boxes or packets, without a read for each.
 *
 * A jump of more than a piece costs one read of `pieceBytes`, however little is looked at.
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
        piece = await source.read(offset, Math.max(length, pieceBytes), signal ? { signal } : {});
        start = offset;
        // A file that shrinks while it is read.
        if (piece.length < length) return undefined;
      }
      return new DataView(piece.buffer, piece.byteOffset + offset - start, length);
    },
  };
}
