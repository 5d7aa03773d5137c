import { crc32, gunzipSync, gzipSync } from "node:zlib";
import { type ZipEntry, zipBytes } from "../packages/ingest/test/zip-bytes.ts";

/** Draws from a seed. */
export interface Dice {
  below(most: number): number;
  pick<T>(items: readonly T[]): T;
}

/** One forgery, and what it may cost. */
export interface Forged {
  readonly bytes: Buffer;
  /** What was changed, in words. */
  readonly what: string;
  /** True where files that were not touched may suffer. @defaultValue false */
  readonly costsAll?: boolean;
  /** True where the file is another one afterwards, as sound as any: other names, times, values. */
  readonly isAnother?: boolean;
}

type Field = readonly [name: string, at: number, width: 1 | 2 | 4 | 8];

const LOCAL: readonly Field[] = [
  ["signature", 0, 4],
  ["flags", 6, 2],
  ["method", 8, 2],
  ["checksum", 14, 4],
  ["packed size", 18, 4],
  ["size", 22, 4],
  ["name length", 26, 2],
  ["extra length", 28, 2],
  ["first letter", 30, 1],
];
const LISTED: readonly Field[] = [
  ["flags", 8, 2],
  ["method", 10, 2],
  ["checksum", 16, 4],
  ["packed size", 20, 4],
  ["size", 24, 4],
  ["disk", 34, 2],
  ["attributes", 38, 4],
  ["offset", 42, 4],
  ["first letter", 46, 1],
  // From here on, where the next entry begins depends on it.
  ["signature", 0, 4],
  ["name length", 28, 2],
  ["extra length", 30, 2],
  ["comment length", 32, 2],
];
const LISTED_ALONE = 9;
const END: readonly Field[] = [
  ["signature", 0, 4],
  ["disk", 4, 2],
  ["disk of the directory", 6, 2],
  ["files on this disk", 8, 2],
  ["files", 10, 2],
  ["size of the directory", 12, 4],
  ["offset of the directory", 16, 4],
  ["comment length", 20, 2],
];
const WIDE_END: readonly Field[] = [
  ["signature", 0, 4],
  ["record size", 4, 8],
  ["files on this disk", 24, 8],
  ["files", 32, 8],
  ["size of the directory", 40, 8],
  ["offset of the directory", 48, 8],
  ["locator's signature", 56, 4],
  ["locator's offset", 64, 8],
  ["locator's disks", 72, 4],
];
const LIMITS = [
  0n,
  1n,
  7n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_fffen,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x20_0000_0000_0000n,
  0x7fff_ffff_ffff_ffffn,
  0xffff_ffff_ffff_ffffn,
];

/** Sets a field to a value at an edge, or near what it was. */
function setField(bytes: Buffer, start: number, [name, at, width]: Field, dice: Dice): string {
  const place = start + at;
  let old = 0n;
  for (let i = width - 1; i >= 0; i--) old = (old << 8n) | BigInt(bytes[place + i] ?? 0);
  const value = BigInt.asUintN(width * 8, dice.pick([...LIMITS, old + 1n, old - 1n, old ^ 8n]));
  for (let i = 0; i < width; i++) bytes[place + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return `${name} ${old} to ${value}`;
}

/** Changes a zip where its structure is. */
export function forgeZip(entries: readonly ZipEntry[], victim: number, dice: Dice): Forged {
  const wide = dice.below(3) === 0;
  const later = dice.below(3) === 0;
  const packed = entries.map((entry): ZipEntry => {
    return { ...entry, zip64: wide, dataDescriptor: later, deflate: dice.below(2) === 0 };
  });
  const bytes = zipBytes(packed, wide);
  const { listed, locals, end } = zipPlaces(bytes, wide);
  const own = listed[victim] as number;
  switch (dice.below(wide ? 9 : 7)) {
    case 0:
      return {
        what: `local ${setField(bytes, locals[victim] as number, dice.pick(LOCAL), dice)}`,
        bytes,
      };
    case 1:
    case 2: {
      const at = dice.below(LISTED.length);
      const what = setField(bytes, own, LISTED[at] as Field, dice);
      return {
        what: `listed ${what}`,
        bytes,
        costsAll: at >= LISTED_ALONE || endsReading(bytes, own),
      };
    }
    case 3:
      return { what: `end ${setField(bytes, end, dice.pick(END), dice)}`, bytes, costsAll: true };
    case 4: {
      const at = dice.pick([...listed, ...locals, end, end + 21, ...listed.map((it) => it + 45)]);
      const cut = Math.max(0, at - dice.below(3) + 1);
      return {
        what: `cut at ${cut} of ${bytes.length}`,
        bytes: bytes.subarray(0, cut),
        costsAll: true,
      };
    }
    case 5: {
      const other = dice.pick(locals);
      bytes.writeUInt32LE(wide ? 0xffff_ffff : other, own + 42);
      return { what: `listed at ${other}, where another begins`, bytes, costsAll: wide };
    }
    case 6: {
      // Descriptor or the next header: what lies between two files.
      const next = locals[victim + 1] ?? (listed[0] as number);
      const at = next - 1 - dice.below(16);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.below(8));
      return { what: `a bit at ${at}, before the next file`, bytes };
    }
    case 7: {
      const field: Field = dice.pick([
        ["id of the zip64 field", 0, 2],
        ["length of the zip64 field", 2, 2],
        ["zip64 size", 4, 8],
        ["zip64 packed size", 12, 8],
      ]);
      const nameLength = bytes.readUInt16LE(own + 28);
      // Where a directory entry cannot be read, nor can those behind it.
      const what = setField(bytes, own + 46 + nameLength, field, dice);
      return { what, bytes, costsAll: true };
    }
    default: {
      const what = setField(bytes, end - 76, dice.pick(WIDE_END), dice);
      return { what: `zip64 end ${what}`, bytes, costsAll: true };
    }
  }
}

/** Strong encryption, or a field that must stand in a zip64 part and does not: yauzl reads no further. */
function endsReading(bytes: Buffer, listed: number): boolean {
  const wide = [20, 24, 42].some((at) => bytes.readUInt32LE(listed + at) === 0xffff_ffff);
  return wide || (bytes.readUInt16LE(listed + 8) & 0x40) !== 0;
}

function zipPlaces(bytes: Buffer, wide: boolean) {
  const end = bytes.length - 22;
  const count = wide ? Number(bytes.readBigUInt64LE(end - 44)) : bytes.readUInt16LE(end + 10);
  let at = wide ? Number(bytes.readBigUInt64LE(end - 28)) : bytes.readUInt32LE(end + 16);
  const listed: number[] = [];
  const locals: number[] = [];
  for (let i = 0; i < count; i++) {
    listed.push(at);
    locals.push(bytes.readUInt32LE(at + 42));
    at +=
      46 + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return { listed, locals, end };
}

/** Changes the head or the end of a gzip file, which has a checksum. */
export function forgeGzip(packed: Uint8Array, dice: Dice): Forged {
  const bytes = Buffer.from(packed);
  const fields: readonly Field[] = [
    ["magic", 0, 2],
    ["method", 2, 1],
    ["flags", 3, 1],
    ["time", 4, 4],
    ["first block", 10, 1],
    ["checksum", bytes.length - 8, 4],
    ["length", bytes.length - 4, 4],
  ];
  switch (dice.below(4)) {
    case 0: {
      const cut = dice.pick([1, 9, 10, 11, bytes.length - 9, bytes.length - 8, bytes.length - 1]);
      return { what: `gzip cut at ${cut}`, bytes: bytes.subarray(0, cut) };
    }
    case 1: {
      const tail = dice.pick([
        Buffer.alloc(700),
        Buffer.from("garbage"),
        gzipSync(Buffer.from("x")),
      ]);
      return { what: "something behind the gzip", bytes: Buffer.concat([bytes, tail]) };
    }
    default:
      return { what: `gzip ${setField(bytes, 0, dice.pick(fields), dice)}`, bytes };
  }
}

const TAR_TEXTS = [
  "",
  "0",
  "7",
  "777",
  "77777777777",
  "-1",
  "zzz",
  "\xff\xff\xff\xff\xff\xff\xff\xff",
];
const BLOCK = 512;

/** Changes the header of the file in a tar; its checksum is mended two times in three. */
export function forgeTar(packed: Uint8Array, dice: Dice): Forged {
  const tar = gunzipSync(packed);
  const done = (bytes: Buffer, what: string, isAnother = false): Forged => {
    return { what: `tar ${what}`, bytes: gzipSync(bytes, { level: 1 }), isAnother };
  };
  const header = tar.subarray(0, BLOCK);
  const put = (at: number, width: number, text: string): void => {
    header.fill(0, at, at + width);
    header.write(text, at, width, "latin1");
  };
  const kind = dice.below(7);
  if (kind === 0)
    return done(tar.subarray(0, dice.pick([1, 511, 512, 513, tar.length - 1_025])), "cut");
  if (kind === 1) {
    const type = dice.pick(["x", "g", "L", "K"]);
    const size = dice.pick([0, 1, 512, 2 ** 21, 2 ** 33 - 1]);
    return done(
      Buffer.concat([tarHeader(type, size), Buffer.alloc(BLOCK), tar]),
      `type ${type} of ${size}`,
    );
  }
  if (kind === 2) {
    const body = Buffer.alloc(BLOCK);
    body.write(
      dice.pick(["20 size=99999999999\n", "999999 path=x.dat\n", "8 size=-1\n", "\n\n\n"]),
    );
    const size = body.indexOf(0);
    return done(Buffer.concat([tarHeader("x", size), body, tar]), "pax", true);
  }
  const text = dice.pick(TAR_TEXTS);
  if (kind === 3) put(124, 12, text);
  if (kind === 4) put(156, 1, dice.pick(["1", "2", "3", "5", "6", "7", "S", "\xff"]));
  if (kind === 5)
    put(0, 100, dice.pick(["../../x.dat", "/etc/x.dat", "a\nb.dat", "\x1b[2Jx.dat", "", "x"]));
  if (kind === 6) put(257, 8, text);
  if (dice.below(3) > 0) {
    put(148, 8, "        ");
    let sum = 0;
    for (const byte of header) sum += byte;
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, 8, "latin1");
  }
  return done(tar, ["", "", "", "size", "type", "name", "magic"][kind] ?? "", kind === 5);
}

function tarHeader(type: string, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write("forged", 0);
  header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  header.write(`        ${type}`, 148);
  header.write("ustar\x0000", 257);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

/** Changes a block of a `.dat`: its head, its map, its rows. */
export function forgeDat(dat: Buffer, dice: Dice): Forged {
  const first = 337;
  const length = dat.readInt32LE(first + 4);
  const textAt = first + 8;
  const text = dat.toString("utf8", textAt, first + length);
  const rows = dat.subarray(first + length);
  const withText = (changed: string): Buffer => {
    const map = Buffer.from(changed);
    const head = Buffer.alloc(8);
    head.writeInt32LE(map.length + 8, 4);
    return Buffer.concat([dat.subarray(0, first), head, map, rows]);
  };
  switch (dice.below(5)) {
    case 0: {
      const bytes = Buffer.from(dat);
      const value = dice.pick([
        0,
        1,
        7,
        8,
        9,
        -1,
        length - 1,
        length + 1,
        0x7fff_ffff,
        -0x8000_0000,
      ]);
      bytes.writeInt32LE(value, first + 4);
      // A blank behind JSON is JSON, and the first byte of a row may be one.
      const isAnother = value === length + 1;
      return { what: `block length ${length} to ${value}`, bytes, isAnother };
    }
    case 1: {
      const cut = dice.pick([0, 1, 336, first, first + 4, textAt, first + length, dat.length - 1]);
      return { what: `dat cut at ${cut}`, bytes: dat.subarray(0, cut) };
    }
    case 2: {
      const [from, to] = dice.pick([
        [/"Archive":"?\d+"?/, '"Archive":0'],
        [/"Archive":"?\d+"?/, '"Archive":-60'],
        [/"Archive":"?\d+"?/, '"Archive":1e999'],
        [/"EndTime":"?\d+"?/, '"EndTime":9007199254740993'],
        [/"EndTime":"?\d+"?/, '"EndTime":null'],
        [/"StartTime":"?\d+"?/, '"StartTime":-1e300'],
        [/"StartTime":"?\d+"?/, '"StartTime":1.5'],
        [/"Map":\{/, '"Map":{"__proto__":{},'],
        [/"Map":\{/, '"Map":[{'],
        [/"Map":\{/, '"Map":{"11":{"IDs":[],"Names":[],"DataTypes":[18.5]},'],
        [/"Names":\[/, '"Names":["one more",'],
        [/"Names":\[/, '"Names":[null,'],
        [/"DataTypes":\[/, '"DataTypes":["x",'],
        [/"DataTypes":\[/, '"DataTypes":[99999999999999999999,'],
        [/"DataTypes":\[/, `"DataTypes":${"[".repeat(10_000)}`],
      ] as const);
      return { what: `map ${to.slice(0, 60)}`, bytes: withText(text.replace(from, to)) };
    }
    case 3: {
      const name = dice.pick([
        "\\u0000",
        "\\ud800",
        "\u2028\u202e",
        "\\u001b[2J\\n",
        "x".repeat(5_000),
      ]);
      const bytes = withText(text.replace('"Names":["', `"Names":["${name}`));
      return { what: `a name with ${name.slice(0, 20)}`, bytes, isAnother: true };
    }
    default: {
      const cut = dice.pick([0, 1, 2, text.length >> 1, text.length - 1]);
      return { what: `map cut at ${cut}`, bytes: withText(text.slice(0, cut)) };
    }
  }
}

/** Changes the directory of a 7z; its checksums are mended two times in three. */
export function forgeSevenZip(archive: Buffer, dice: Dice): Forged {
  const bytes = Buffer.from(archive);
  const offset = 32 + Number(bytes.readBigUInt64LE(12));
  const size = Number(bytes.readBigUInt64LE(20));
  const fields: readonly Field[] = [
    ["version", 6, 2],
    ["offset of the directory", 12, 8],
    ["size of the directory", 20, 8],
    ["checksum of the directory", 28, 4],
    ["stream", 32, 4],
  ];
  const kind = dice.below(4);
  let what: string;
  if (kind === 0) what = setField(bytes, 0, dice.pick(fields), dice);
  else if (kind === 1) {
    const cut = dice.pick([6, 31, 32, offset - 1, offset, bytes.length - 1]);
    return { what: `7z cut at ${cut}`, bytes: bytes.subarray(0, cut), costsAll: true };
  } else {
    const at = offset + dice.below(size);
    const value = dice.pick([0, 0xff, 0x7f, 0x80, (bytes[at] ?? 0) ^ (1 << dice.below(8))]);
    what = `byte ${at - offset} of the directory ${bytes[at]} to ${value}`;
    bytes[at] = value;
  }
  const isMended = dice.below(3) > 0;
  if (isMended) {
    if (kind >= 2) bytes.writeUInt32LE(crc32(bytes.subarray(offset, offset + size)), 28);
    bytes.writeUInt32LE(crc32(bytes.subarray(12, 32)), 8);
  }
  // With its checksums mended, what it says of names and places is as good as anything.
  return { what: `7z ${what}`, bytes, costsAll: true, isAnother: isMended };
}
