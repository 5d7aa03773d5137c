import { gzipSync } from "node:zlib";
import type { MillraceError } from "@millrace/core";
import { fromItems, pipeline } from "@millrace/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tarBytes } from "../../test/tar-bytes.ts";
import { peekMember } from "../inspect/peek-member.ts";
import { timeBounds } from "../oceanstor/plausible-times.ts";
import { tarGzip } from "../testing/tar-gzip.ts";
import type { ArchiveMember, UnreadableMember } from "./archive-member.ts";
import { type ArchiveLimits, archiveLimits } from "./limits.ts";
import { type UnpackedMember, unpack, unpackMember } from "./unpack.ts";

const one = Buffer.from("the first document");
const two = Buffer.from("the second one");
const MIB = 1024 * 1024;

const tgz = (...members: readonly [string, Uint8Array][]): Uint8Array =>
  tarGzip(
    members.map(([name, bytes]) => ({ name, bytes })),
    0,
  );

async function unpacked(packed: Uint8Array, limits: Partial<ArchiveLimits> = {}) {
  const { documents } = await unpackMember("x.tgz", packed, archiveLimits(limits));
  return documents.map(({ path, bytes }) => [path, Buffer.from(bytes).toString()]);
}

const corrupt = expect.objectContaining({ code: "CORRUPT_INPUT" });

describe("unpackMember", { timeout: 60_000 }, () => {
  it("takes all files out, in order", async () => {
    expect(await unpacked(tgz(["a.dat", one], ["b.dat", two], ["empty", Buffer.of()]))).toEqual([
      ["a.dat", one.toString()],
      ["b.dat", two.toString()],
      ["empty", ""],
    ]);
  });

  it.each(["x.tgz", "x.TGZ", "folder/x.tar.gz"])("unpacks %s", async (path) => {
    const packed = tgz(["a.dat", one]);
    const { documents } = await unpackMember(path, packed, archiveLimits());
    expect(documents[0]?.path).toBe("a.dat");
  });

  it("passes other files on as they are", async () => {
    const limits = archiveLimits();
    expect(await unpackMember("x.dat", one, limits)).toEqual({
      documents: [{ path: "x.dat", bytes: one }],
    });
    expect((await unpackMember("x.dat", Buffer.of(), limits)).documents).toHaveLength(1);
  });

  it("passes folders and links over and keeps any name, long ones too", async () => {
    const long = `${"folder/".repeat(40)}${"x".repeat(200)}.dat`;
    const tar = await tarBytes([
      [{ name: "folder", type: "directory" }],
      [{ name: "link", type: "symlink", linkname: "/etc/passwd" }],
      [{ name: "hard", type: "link", linkname: "a.dat" }],
      [{ name: "../../slip.dat" }, one],
      [{ name: long }, two],
      [{ name: "存储.dat" }, one],
      [{ name: "pax.dat", pax: { comment: "a comment" } }, two],
      [{ name: "pipe", type: "fifo" }],
    ]);
    expect(await unpacked(gzipSync(tar))).toEqual([
      ["../../slip.dat", one.toString()],
      [long, two.toString()],
      ["存储.dat", one.toString()],
      ["pax.dat", two.toString()],
    ]);
    const gnu = await unpacked(tgz([long, one]));
    expect(gnu).toEqual([[long, one.toString()]]);
  });

  it("does not wait for the body of a folder that says it has one", async () => {
    const tar = await tarBytes([[{ name: "folder", type: "directory" }], [{ name: "a.dat" }, one]]);
    tar.write("00000007777", 124);
    tar.write("        ", 148);
    const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    expect(await unpacked(gzipSync(tar))).toEqual([["a.dat", one.toString()]]);
    const peek = peekMember("x.tgz", gzipSync(tar), archiveLimits(), timeBounds());
    await expect(peek).resolves.toMatchObject({ documents: [] });
  });

  it("holds no file where there is none", async () => {
    expect(await unpacked(tgz())).toEqual([]);
    expect(await unpacked(gzipSync(Buffer.of()))).toEqual([]);
  });

  it("reads members of gzip behind one another, padding, and a wrong ISIZE not", async () => {
    const tar = await tarBytes([[{ name: "a.dat" }, one]]);
    const parts = [tar.subarray(0, 700), tar.subarray(700)].map((part) => gzipSync(part));
    expect(await unpacked(Buffer.concat(parts))).toEqual([["a.dat", one.toString()]]);
    const padded = Buffer.concat([gzipSync(tar), Buffer.alloc(100)]);
    expect(await unpacked(padded)).toEqual([["a.dat", one.toString()]]);
    for (const lie of [0, 5, 0x7fff_ffff, 0xffff_ffff]) {
      const lying = Buffer.from(gzipSync(tar));
      lying.writeUInt32LE(lie, lying.length - 4);
      await expect(unpacked(lying), `ISIZE ${lie}`).rejects.toEqual(corrupt);
    }
  });

  it("does not believe what stands where ISIZE should", async () => {
    const tar = await tarBytes([[{ name: "a.dat" }, one]]);
    // Padding behind the member makes the trailer 0; foreign bytes make it anything.
    const packed = Buffer.concat([gzipSync(tar), Buffer.from([0, 0xff, 0xff, 0xff, 0xff])]);
    expect(await unpacked(packed)).toEqual([["a.dat", one.toString()]]);
  });

  it("refuses a gzip of which any byte before its end is missing", async () => {
    const packed = tgz(["a.dat", one]);
    for (let length = 0; length < packed.length; length++) {
      await expect(unpacked(packed.subarray(0, length)), `${length} bytes`).rejects.toEqual(
        corrupt,
      );
    }
  });

  it("delivers nothing of a gzip with one wrong bit, or all of it", async () => {
    const packed = tgz(["a.dat", one], ["b.dat", two]);
    const whole = await unpacked(packed);
    for (let bit = 0; bit < packed.length * 8; bit++) {
      const damaged = Uint8Array.from(packed);
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      // Some header bits mean nothing: the time, the system.
      const result = await unpacked(damaged).catch((error: MillraceError) => error.code);
      expect([whole, "CORRUPT_INPUT"], `bit ${bit}`).toContainEqual(result);
    }
  });

  it("refuses damaged tars", async () => {
    const tar = await tarBytes([[{ name: "a.dat" }, one]]);
    await expect(unpacked(gzipSync(Buffer.from("no tar")))).rejects.toEqual(corrupt);
    await expect(unpacked(gzipSync(Buffer.alloc(600, 65)))).rejects.toEqual(corrupt);
    for (const length of [1, 511, 513, 512 + 10]) {
      await expect(unpacked(gzipSync(tar.subarray(0, length)))).rejects.toEqual(corrupt);
    }
    const checksum = Buffer.from(tar);
    checksum[0] = 66;
    await expect(unpacked(gzipSync(checksum))).rejects.toEqual(corrupt);
  });

  it("says when a tar ends with a member, as one that was cut does", async () => {
    const members = await tarBytes([
      [{ name: "a.dat" }, one],
      [{ name: `${"long/".repeat(60)}b.dat` }, Buffer.alloc(512)],
      [{ name: "folder", type: "directory" }],
    ]);
    const problemsOf = async (tar: Uint8Array) =>
      (await unpackMember("x.tgz", gzipSync(tar), archiveLimits())).problems;
    const cut = members.subarray(0, -1024);
    expect(await problemsOf(cut)).toEqual([
      `x.tgz: the tar ends at byte ${cut.length} without its end mark, so files may be missing.`,
    ]);
    expect(await problemsOf(members.subarray(0, 1024))).toHaveLength(1);
    expect(await problemsOf(cut.subarray(0, -512))).toHaveLength(1);
    // One block of zeros is less than the format asks for, but nothing is missing.
    for (const sound of [members, members.subarray(0, -512), Buffer.alloc(1024), Buffer.of()]) {
      expect(await problemsOf(sound)).toEqual([]);
    }
    expect(await problemsOf(Buffer.concat([members, cut]))).toHaveLength(1);
  });

  it("has the bytes as they were, whatever they were", async () => {
    const names = fc.stringMatching(/^[a-z]{1,120}$/);
    const files = fc.array(fc.tuple(names, fc.uint8Array({ maxLength: 2_000 })), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(files, async (members) => {
        const { documents } = await unpackMember("x.tgz", tgz(...members), archiveLimits());
        expect(documents.map(({ path, bytes }) => [path, [...bytes]])).toEqual(
          members.map(([name, bytes]) => [name, [...bytes]]),
        );
      }),
      { numRuns: 50 },
    );
  });

  it("stops at too many documents", async () => {
    const packed = tgz(["a", one], ["b", one], ["c", one]);
    expect(await unpacked(packed, { documents: 3 })).toHaveLength(3);
    await expect(unpacked(packed, { documents: 2 })).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
      message: expect.stringContaining('the limit "documents"'),
    });
  });

  it("counts what it passes over, too, as a small file unpacks to a million folders", async () => {
    const folder = { name: "folder", type: "directory" } as const;
    const tar = await tarBytes([[folder], [folder], [{ name: "a.dat" }, one]]);
    expect(await unpacked(gzipSync(tar), { documents: 3 })).toHaveLength(1);
    await expect(unpacked(gzipSync(tar), { documents: 2 })).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
      message: expect.stringContaining("holds more than 2 files"),
    });
  });

  it("stops at too many bytes", async () => {
    const packed = tgz(["a", Buffer.alloc(200_000, 7)]);
    expect(await unpacked(packed, { unpackedBytes: 300_000 })).toHaveLength(1);
    for (const unpackedBytes of [199_999, 1]) {
      await expect(unpacked(packed, { unpackedBytes })).rejects.toMatchObject({
        code: "LIMIT_EXCEEDED",
        message: expect.stringContaining("raise the limits"),
      });
    }
  });

  it("stops a bomb long before it has filled the memory", async () => {
    // 4 GiB of zeros, in members of 16 MiB behind one another.
    const bomb = Buffer.concat(Array.from({ length: 256 }, () => zeros));
    const before = process.memoryUsage().rss;
    await expect(unpacked(bomb, { ratio: 20 })).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
    await expect(unpacked(bomb, { unpackedBytes: 64 * MIB })).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(600 * MIB);
    // A single member is held to the ratio too.
    const single = gzipSync(Buffer.alloc(64 * MIB));
    await expect(unpacked(single)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });
});

const zeros = gzipSync(Buffer.alloc(16 * MIB));

describe("unpack", () => {
  it.each([1, 2, 4])(
    "keeps the order with %i workers, damaged members in their place",
    async (workers) => {
      const items: (ArchiveMember | UnreadableMember)[] = Array.from({ length: 30 }, (_, i) => {
        // Of very different sizes, so that later ones are ready earlier.
        const content = Buffer.alloc(i % 3 === 0 ? 2_000_000 : 10, i);
        const bytes = i % 5 === 4 ? Buffer.from("damaged") : tgz([`${i}`, content]);
        return { origin: `o${i}`, path: `${i}.tgz`, bytes };
      });
      const error = new Error("not read") as MillraceError;
      items.push({ origin: "o30", path: "30.tgz", error });
      const results: (UnpackedMember | UnreadableMember)[] = [];
      for await (const item of pipeline(fromItems(items), unpack({ workers }))) results.push(item);
      expect(results.map(({ origin }) => origin)).toEqual(items.map(({ origin }) => origin));
      for (const [i, result] of results.entries()) {
        if ("error" in result) {
          expect(i === 30 || i % 5 === 4).toBe(true);
          if (i < 30) expect(result.error).toEqual(corrupt);
          else expect(result.error).toBe(error);
        } else {
          expect(result.documents.map(({ path }) => path)).toEqual([`${i}`]);
          expect(result.documents[0]?.bytes.every((byte) => byte === i)).toBe(true);
        }
      }
    },
  );

  it("refuses limits and workers that are none", () => {
    const invalid = expect.objectContaining({ code: "INVALID_OPTION" });
    expect(() => unpack({ workers: 0 })).toThrow(/^workers is 0; give a whole number/);
    expect(() => unpack({ limits: { ratio: 0 } })).toThrow(invalid);
  });
});
