/** Bytes of a body that are sent in one request. */
export interface Part {
  readonly bytes: Buffer;
  /** Nothing comes after it. */
  readonly last: boolean;
}

const FIRST_BYTES = 64 * 1024;

/**
 * Gathers pieces into parts of `partBytes`, of which only the last may be shorter; at least one. A part is given
 * when it is known whether it is the last, and nothing is kept of it afterwards.
 */
export async function* intoParts(
  pieces: AsyncIterable<Uint8Array>,
  partBytes: number,
): AsyncGenerator<Part, void> {
  let bytes = Buffer.alloc(0);
  let filled = 0;
  for await (const piece of pieces) {
    for (let used = 0; used < piece.length; ) {
      if (filled === partBytes) {
        yield { bytes, last: false };
        bytes = Buffer.alloc(0);
        filled = 0;
      }
      const taken = piece.subarray(used, used + partBytes - filled);
      if (filled + taken.length > bytes.length) {
        bytes = grown(bytes.subarray(0, filled), filled + taken.length, partBytes);
      }
      bytes.set(taken, filled);
      filled += taken.length;
      used += taken.length;
    }
  }
  yield { bytes: bytes.subarray(0, filled), last: true };
}

/** Small objects, which are the most, should not take the memory of a whole part. */
function grown(bytes: Buffer, least: number, most: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafeSlow(
    Math.min(most, Math.max(FIRST_BYTES, least, 2 * bytes.length)),
  );
  larger.set(bytes);
  return larger;
}
