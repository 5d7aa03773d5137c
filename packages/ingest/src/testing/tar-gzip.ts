import { gzipSync } from "node:zlib";

/** One file inside a tar. */
export interface TarMember {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const text = new TextEncoder();

/**
 * A gzipped tar, in memory. Names are written as they are given: a hostile one such as
 * `../../x.dat` is the point of some tests. A name above 100 bytes is stored as a GNU long name.
 */
export function tarGzip(members: readonly TarMember[], modifiedSeconds: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const member of members) {
    const name = text.encode(member.name);
    if (name.length > 100) {
      const long = new Uint8Array(name.length + 1);
      long.set(name);
      parts.push(tarHeader(text.encode("././@LongLink"), long.length, modifiedSeconds, "L"));
      parts.push(long, padding(long.length));
    }
    parts.push(tarHeader(name.subarray(0, 100), member.bytes.length, modifiedSeconds, "0"));
    parts.push(member.bytes, padding(member.bytes.length));
  }
  parts.push(new Uint8Array(1024));
  return gzipSync(Buffer.concat(parts), { level: 6 });
}

function padding(size: number): Uint8Array {
  return new Uint8Array((512 - (size % 512)) % 512);
}

function tarHeader(name: Uint8Array, size: number, modified: number, type: string): Uint8Array {
  const header = new Uint8Array(512);
  const put = (offset: number, value: string): void => header.set(text.encode(value), offset);
  const octal = (value: number, width: number): string => value.toString(8).padStart(width, "0");
  header.set(name);
  put(100, "0000644\0");
  put(108, "0000000\0");
  put(116, "0000000\0");
  put(124, `${octal(size, 11)}\0`);
  put(136, `${octal(modified, 11)}\0`);
  put(148, "        ");
  put(156, type);
  put(257, "ustar\0");
  put(263, "00");
  let sum = 0;
  for (const byte of header) sum += byte;
  put(148, `${octal(sum, 6)}\0 `);
  return header;
}
