import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { datBytes } from "../packages/ingest/test/dat-bytes.ts";
import { sevenZipBytes } from "../packages/ingest/test/seven-zip-bytes.ts";
import { tarBytes } from "../packages/ingest/test/tar-bytes.ts";
import { zipBytes } from "../packages/ingest/test/zip-bytes.ts";
import { seededRandom } from "../packages/vm-sink/test/seeded-random.ts";

/** Writes a small file that means far more work or memory than its size; returns its path. */
type Bomb = (folder: string) => Promise<string>;

const MIB = 1024 * 1024;
const NAME = "PerfData_M_SN_2102355BOMB_SP0_1_20251020001500";

/** Small files that want far more than they are; each by the name of what it attacks. */
export const hostileBombs: Readonly<Record<string, Bomb>> = {
  "gzip ratio": (folder) => single(folder, gzipSync(Buffer.alloc(600 * MIB), { level: 1 })),
  "zip ratio": async (folder) => {
    const entry = { name: `${NAME}.tgz`, bytes: Buffer.alloc(300 * MIB), deflate: true };
    return await write(folder, "archive.zip", zipBytes([entry]));
  },
  "tar count": async (folder) => {
    const tar = await tarBytes([[{ name: "folder", type: "directory" }]]);
    const header = tar.subarray(0, 512);
    return await single(folder, gzipSync(Buffer.alloc(300 * MIB, header), { level: 1 }));
  },
  "zip count": async (folder) => {
    const entry = (_: unknown, i: number) => ({ name: `${NAME}${i}.tgz`, bytes: Buffer.of(1) });
    return await write(folder, "archive.zip", zipBytes(Array.from({ length: 60_000 }, entry)));
  },
  "zip of zips": async (folder) => {
    let bytes = zipBytes([{ name: `${NAME}.tgz`, bytes: gzipSync(Buffer.alloc(7 * MIB)) }]);
    for (let depth = 0; depth < 3; depth++) {
      const one = bytes;
      const entry = (_: unknown, i: number) => ({ name: `${i}.zip`, bytes: one, deflate: true });
      bytes = zipBytes(Array.from({ length: 25 }, entry));
    }
    return await write(folder, "archive.zip", bytes);
  },
  "files over one another": (folder) => write(folder, "archive.zip", overlapping()),
  "solid 7z": async (folder) => {
    const zeros = Buffer.alloc(80 * MIB);
    const files = Array.from({ length: 6 }, (_, i) => [`${NAME}${i}.dat`, zeros] as const);
    return await write(folder, "archive.7z", await sevenZipBytes(files, ["-mx=1", "-ms=on"]));
  },
  "a map of 400 MB": (folder) => dat(folder, `{"x":[${"[],".repeat(140_000_000)}[]]}`),
  "ten million blocks": async (folder) => {
    const none = { start: 9, end: 9, map: "{}", values: [] };
    const some = datBytes(Array.from({ length: 1_000 }, () => none));
    const blocks = Buffer.alloc(400 * MIB, some.subarray(337));
    return await packed(folder, Buffer.concat([some.subarray(0, 337), blocks]));
  },
  "maps of two million columns": async (folder) => {
    const blocks = Array.from({ length: 60 }, (_, block) => {
      const names = JSON.stringify(Array.from({ length: 2_000 }, (_, i) => `${block} ${i}`));
      const ids = JSON.stringify(Array.from({ length: 999 }, (_, i) => i));
      const map = `{"11":{"IDs":${names},"Names":${names},"DataTypes":${ids}}}`;
      const start = 1_760_000_040 + 60 * block;
      return { start, end: start + 60, map, values: Array.from({ length: 1_998_000 }, () => 1) };
    });
    return await packed(folder, datBytes(blocks));
  },
};

function write(folder: string, name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  return writeFile(path, bytes).then(() => path);
}

function single(folder: string, bytes: Uint8Array): Promise<string> {
  return write(folder, `${NAME}.tgz`, bytes);
}

function dat(folder: string, text: string): Promise<string> {
  return packed(folder, datBytes([{ text, values: [] }]));
}

/** With noise behind it, so that the ratio is no higher than the limit of it allows. */
async function packed(folder: string, bytes: Buffer): Promise<string> {
  const random = seededRandom(1);
  const noise = Buffer.alloc(4 * MIB);
  for (let at = 0; at < noise.length; at += 4) noise.writeUInt32LE(random() * 2 ** 32, at);
  const tar = await tarBytes([
    [{ name: `${NAME}.dat` }, bytes],
    [{ name: "noise" }, noise],
  ]);
  return await single(folder, gzipSync(tar, { level: 1 }));
}

/** Each header stands in the extra field of the one before it, and all of them share their data. */
function overlapping(): Buffer {
  const data = gzipSync(Buffer.alloc(8 * MIB));
  const count = 600;
  const sample = zipBytes([{ name: nameOf(0), bytes: data }]);
  const headerBytes = sample.readUInt16LE(26) + 30;
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  for (let i = 0; i < count; i++) {
    const one = zipBytes([{ name: nameOf(i), bytes: data }]);
    const header = Buffer.from(one.subarray(0, headerBytes));
    header.writeUInt16LE((count - 1 - i) * headerBytes, 28);
    const listed = Buffer.from(one.subarray(headerBytes + data.length, -22));
    listed.writeUInt32LE(i * headerBytes, 42);
    parts.push(header);
    directory.push(listed);
  }
  const end = zipBytes([]);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(count * headerBytes + data.length, 16);
  return Buffer.concat([...parts, data, ...directory, end]);
}

function nameOf(i: number): string {
  return `PerfData_${String(i).padStart(3, "0")}.tgz`;
}
