/** An element of EBML (RFC 8794): its id, the size of its payload, the payload. */
export function element(id: number, ...payload: readonly Uint8Array[]): Buffer {
  const sizeBytes = payload.reduce((sum, { length }) => sum + length, 0);
  return Buffer.concat([idBytes(id), sizeField(sizeBytes), ...payload]);
}

/** An element that ends where its parent does, or with the stream. */
export function openElement(id: number): Buffer {
  return Buffer.concat([idBytes(id), Buffer.from([0x01, 255, 255, 255, 255, 255, 255, 255])]);
}

/** A number of at most 2^53 - 1 as an element's payload. */
export function unsigned(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  const first = bytes.findIndex((byte) => byte !== 0);
  return bytes.subarray(first < 0 ? 7 : first);
}

function idBytes(id: number): Buffer {
  return unsigned(id);
}

/** Four bytes hold what fits, eight the rest. */
function sizeField(size: number): Buffer {
  if (size < 2 ** 28 - 1) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(size + 0x10000000);
    return bytes;
  }
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(size) + (1n << 56n));
  return bytes;
}
