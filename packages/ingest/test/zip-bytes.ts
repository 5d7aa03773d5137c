import { crc32, deflateRawSync } from "node:zlib";

/** One entry of a hand-made zip; every field that could be a lie can be set. */
export interface ZipEntry {
  /** A text is written as UTF-8 with its flag, bytes as they are and without. */
  readonly name: string | Uint8Array;
  /** Replaces the name before the data. */
  readonly localName?: string | Uint8Array;
  readonly bytes: Uint8Array;
  /** @defaultValue false: stored */
  readonly deflate?: boolean;
  /** Replaces the compression method in the directory. */
  readonly method?: number;
  /** Bits added to the general purpose flags: 1 for "encrypted". */
  readonly flags?: number;
  /** Replaces the checksum. */
  readonly crc?: number;
  /** Replaces the declared size of the file. */
  readonly size?: number;
  /** Leaves sizes and checksum out of the local header and writes them behind the data. */
  readonly dataDescriptor?: boolean;
  /** Writes the sizes into a zip64 extra field. */
  readonly zip64?: boolean;
}

/**
 * A zip made byte by byte from the format's description (APPNOTE 6.3), independent of any library.
 *
 * @param zip64End - adds the zip64 end records too
 */
export function zipBytes(entries: readonly ZipEntry[], zip64End = false): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name as string);
    const localName = Buffer.from((entry.localName ?? entry.name) as string);
    const data = entry.deflate === true ? deflateRawSync(entry.bytes) : Buffer.from(entry.bytes);
    const crc = entry.crc ?? crc32(entry.bytes);
    const size = entry.size ?? entry.bytes.length;
    const utf8 = typeof entry.name === "string" ? 0x800 : 0;
    const later = entry.dataDescriptor === true;
    const flags = utf8 | (later ? 8 : 0) | (entry.flags ?? 0);
    const method = entry.method ?? (entry.deflate === true ? 8 : 0);
    const wide = entry.zip64 === true;
    const extra = wide ? bytes([u16, 1], [u16, 16], [u64, size], [u64, data.length]) : Buffer.of();
    const small = (value: number): number => (wide ? 0xffff_ffff : value);
    const header = (hidden: boolean, { length }: Buffer): Buffer =>
      bytes(
        [u16, wide ? 45 : 20],
        [u16, flags],
        [u16, method],
        [u32, 0x5b54_0000],
        [u32, hidden ? 0 : crc],
        [u32, hidden ? 0 : small(data.length)],
        [u32, hidden ? 0 : small(size)],
        [u16, length],
        [u16, extra.length],
      );
    const parts = [bytes([u32, 0x0403_4b50]), header(later, localName), localName, extra, data];
    if (later) {
      parts.push(bytes([u32, 0x0807_4b50], [u32, crc], [u32, data.length], [u32, size]));
    }
    central.push(
      bytes([u32, 0x0201_4b50], [u16, 0x31e]),
      header(false, name),
      bytes([u16, 0], [u16, 0], [u16, 0], [u32, 0o100644 * 0x1_0000], [u32, offset]),
      name,
      extra,
    );
    local.push(...parts);
    offset += Buffer.concat(parts).length;
  }
  const directory = Buffer.concat(central);
  const count = entries.length;
  const wideEnd = bytes(
    [u32, 0x0606_4b50],
    [u64, 44],
    [u16, 45],
    [u16, 45],
    [u32, 0],
    [u32, 0],
    [u64, count],
    [u64, count],
    [u64, directory.length],
    [u64, offset],
    [u32, 0x0706_4b50],
    [u32, 0],
    [u64, offset + directory.length],
    [u32, 1],
  );
  const end = bytes(
    [u32, 0x0605_4b50],
    [u16, 0],
    [u16, 0],
    [u16, zip64End ? 0xffff : count],
    [u16, zip64End ? 0xffff : count],
    [u32, zip64End ? 0xffff_ffff : directory.length],
    [u32, zip64End ? 0xffff_ffff : offset],
    [u16, 0],
  );
  return Buffer.concat([...local, directory, ...(zip64End ? [wideEnd] : []), end]);
}

type Field = (value: number) => Buffer;

const u16: Field = (value) => {
  const field = Buffer.alloc(2);
  field.writeUInt16LE(value);
  return field;
};
const u32: Field = (value) => {
  const field = Buffer.alloc(4);
  field.writeUInt32LE(value);
  return field;
};
const u64: Field = (value) => {
  const field = Buffer.alloc(8);
  field.writeBigUInt64LE(BigInt(value));
  return field;
};

function bytes(...fields: readonly (readonly [Field, number])[]): Buffer {
  return Buffer.concat(fields.map(([field, value]) => field(value)));
}
