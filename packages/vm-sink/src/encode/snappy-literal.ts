/**
 * Snappy framing without compression: the whole body is one literal, so nothing is copied.
 *
 * Snappy's format begins with the uncompressed length as a varint; a literal longer than 60 bytes has
 * the tag `63 << 2` and its length minus one in four bytes. The varint is padded to five bytes, which
 * decoders accept, so the header has one size and can be written after the body.
 */
export const SNAPPY_HEADER_BYTES = 10;

const VARINT_BYTES = 5;
const LITERAL_4_BYTE_LENGTH = 63 << 2;

/** Writes the header in front of a body that occupies `bytes[SNAPPY_HEADER_BYTES, end)`. */
export function frameSnappyLiteral(bytes: Buffer, end: number): Buffer {
  const length = end - SNAPPY_HEADER_BYTES;
  let rest = length;
  for (let i = 0; i < VARINT_BYTES - 1; i++) {
    bytes[i] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[VARINT_BYTES - 1] = rest;
  bytes[VARINT_BYTES] = LITERAL_4_BYTE_LENGTH;
  bytes.writeUInt32LE(length - 1, VARINT_BYTES + 1);
  return bytes.subarray(0, end);
}
