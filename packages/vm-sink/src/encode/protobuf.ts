/** Bytes of a varint of a whole number from 0 to 2^53. */
export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}

/** Writes a varint of a whole number from 0 to 2^53 and returns where it ends. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  let next = at;
  while (rest >= 0x80) {
    bytes[next++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[next++] = rest;
  return next;
}

/** A length-delimited field (wire type 2). */
export function lengthDelimited(field: number, content: Uint8Array): Uint8Array {
  const head = 1 + varintBytes(content.length);
  const bytes = new Uint8Array(head + content.length);
  bytes[0] = (field << 3) | 2;
  writeVarint(bytes, 1, content.length);
  bytes.set(content, head);
  return bytes;
}
