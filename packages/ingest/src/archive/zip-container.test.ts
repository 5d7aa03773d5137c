import { readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { type ZipEntry, zipBytes } from "../../test/zip-bytes.ts";
import { openFileAccess } from "./file-access.ts";
import { archiveLimits } from "./limits.ts";
import { openZip } from "./zip-container.ts";

const inFolder = temporaryFolder();
const limits = archiveLimits();
const data = Buffer.from("some bytes, some more bytes, some bytes again, and bytes");
let files = 0;

async function opened(bytes: Uint8Array) {
  const path = inFolder(`${files++}.zip`);
  await writeFile(path, bytes);
  return await openZip(await openFileAccess(path), limits);
}

/** Names and contents, or the message of what cannot be read. */
async function contents(entries: readonly ZipEntry[], readLimits = limits, zip64End = false) {
  await using zip = await opened(zipBytes(entries, zip64End));
  const found: [string, string][] = [];
  for (const entry of zip.entries) {
    const text = await entry.read(readLimits).then(
      (bytes) => Buffer.from(bytes).toString(),
      (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
    );
    found.push([entry.path, text]);
  }
  return found;
}

const text = data.toString();

describe("openZip", () => {
  it("reads stored and deflated entries, with and without data descriptors", async () => {
    const entries = [false, true].flatMap((deflate) =>
      [false, true].map((dataDescriptor) => ({
        name: `${deflate}-${dataDescriptor}`,
        bytes: data,
        deflate,
        dataDescriptor,
      })),
    );
    expect(await contents(entries)).toEqual(entries.map(({ name }) => [name, text]));
  });

  it("reads zip64", async () => {
    const entries = [{ name: "a", bytes: data, zip64: true }];
    expect(await contents(entries, limits, true)).toEqual([["a", text]]);
  });

  it("reads empty files and passes folders over", async () => {
    const none = new Uint8Array(0);
    const entries = [
      { name: "folder/", bytes: none },
      { name: "folder/empty", bytes: none },
      { name: "folder/deflated", bytes: none, deflate: true },
    ];
    expect(await contents(entries)).toEqual([
      ["folder/empty", ""],
      ["folder/deflated", ""],
    ]);
  });

  it("takes names in UTF-8 and in cp437, with backslashes, and such as lead outside", async () => {
    const names = ["Хранилище/存储.tgz", "../../slip.tgz", "/absolute.tgz", "C:\\x\\y.tgz"];
    const entries: ZipEntry[] = names.map((name) => ({ name, bytes: data }));
    entries.push({ name: Uint8Array.of(0x81, 0x2f, 0xe1, 0x2e), bytes: data });
    const found = await contents(entries);
    expect(found.map(([name]) => name)).toEqual([
      "Хранилище/存储.tgz",
      "../../slip.tgz",
      "/absolute.tgz",
      "C:/x/y.tgz",
      "ü/ß.",
    ]);
    expect(new Set(found.map(([, content]) => content))).toEqual(new Set([text]));
  });

  it("compares the two names of an entry as bytes", async () => {
    const legal: ZipEntry[] = [
      // The same bytes, with the flag for UTF-8 in one header and without, would be read differently.
      { name: Buffer.from("存储.tgz"), bytes: data },
      { name: "C:\\x\\y.tgz", bytes: data, dataDescriptor: true },
      { name: "wide.tgz", bytes: data, zip64: true },
    ];
    expect((await contents(legal)).map(([, content]) => content)).toEqual([text, text, text]);
    const found = await contents([
      { name: "SP0.tgz", localName: "SP1.tgz", bytes: data },
      { name: "short.tgz", localName: "shorter.tgz", bytes: data },
      { name: "shorter.tgz", localName: "short.tgz", bytes: data },
    ]);
    expect(found.map(([, problem]) => problem)).toEqual([
      "CORRUPT_INPUT: Cannot read SP0.tgz: the zip has two names for it, and the other one is SP1.tgz: byte 2 is 0x30 in its directory and 0x31 before the data.",
      expect.stringMatching(/one of 9 bytes in its directory and one of 11 before the data/),
      expect.stringMatching(/one of 11 bytes in its directory and one of 9 before the data/),
    ]);
  });

  it("checks the name of an entry that is not read", async () => {
    const entries = [
      { name: "good.txt", bytes: data },
      { name: "x.tg{", localName: "x.tgz", bytes: data },
    ];
    const bytes = zipBytes(entries);
    await using zip = await opened(bytes);
    const [good, bad] = zip.entries;
    await good?.checkName?.();
    await expect(bad?.checkName?.()).rejects.toMatchObject({ code: "CORRUPT_INPUT" });
    bytes.writeUInt32LE(7, bytes.lastIndexOf("PK\x01\x02") + 42);
    await using lost = await opened(bytes);
    await expect(lost.entries[1]?.checkName?.()).rejects.toThrow(/at byte 7, .* no file begins/);
  });

  it("lists a folder that holds bytes, as its name may be a damaged one", async () => {
    const found = await contents([
      { name: "folder/", bytes: new Uint8Array(0) },
      { name: "x.tg/", localName: "x.tgz", bytes: data },
    ]);
    expect(found).toEqual([["x.tg/", expect.stringMatching(/0x2f in its directory and 0x7a/)]]);
  });

  it.each<[string, Partial<ZipEntry>, RegExp]>([
    ["encrypted", { flags: 1 }, /^UNSUPPORTED: .*encrypted/],
    ["a wrong checksum", { crc: 1 }, /^CORRUPT_INPUT: .*checksum/],
    ["a wrong checksum, deflated", { crc: 1, deflate: true }, /^CORRUPT_INPUT: .*checksum/],
    ["more bytes than declared", { deflate: true, size: 5 }, /^CORRUPT_INPUT: .*more bytes/],
    ["fewer than declared", { deflate: true, size: 99 }, /^CORRUPT_INPUT: .*fewer bytes/],
    ["more bytes than declared, stored", { size: 5 }, /^CORRUPT_INPUT: .*more bytes/],
    ["fewer than declared, stored", { size: 99 }, /^CORRUPT_INPUT: .*fewer bytes/],
    ["deflate that is none", { method: 8 }, /^CORRUPT_INPUT/],
    ["another method", { method: 12 }, /^UNSUPPORTED: .*method 12/],
    ["a declared gigabyte", { deflate: true, size: 2 ** 30 }, /^LIMIT_EXCEEDED: .*packedBytes/],
  ])("refuses an entry with %s, and no other", async (_, lie, message) => {
    const found = await contents([
      { name: "before", bytes: data },
      { name: "bad", bytes: data, ...lie },
      { name: "after", bytes: data, deflate: true },
    ]);
    expect(found).toEqual([
      ["before", text],
      ["bad", expect.stringMatching(message)],
      ["after", text],
    ]);
  });

  it("keeps to the limit of one entry", async () => {
    const entries = [{ name: "a", bytes: data }];
    const exact = archiveLimits({ packedBytes: data.length });
    expect(await contents(entries, exact)).toEqual([["a", text]]);
    const [[, problem] = []] = await contents(entries, { ...exact, packedBytes: data.length - 1 });
    expect(problem).toMatch(/^LIMIT_EXCEEDED/);
  });

  it("refuses a zip whose directory is cut, broken or missing", async () => {
    const whole = zipBytes([
      { name: "a", bytes: data },
      { name: "b", bytes: data },
    ]);
    for (let length = 0; length < whole.length; length++) {
      await expect(opened(whole.subarray(0, length)), `${length} bytes`).rejects.toMatchObject({
        code: "CORRUPT_INPUT",
      });
    }
    const broken = Buffer.from(whole);
    broken.writeUInt32LE(0, broken.indexOf("PK\x01\x02"));
    await expect(opened(broken)).rejects.toMatchObject({ code: "CORRUPT_INPUT" });
    await expect(opened(Buffer.from("PK no zip"))).rejects.toMatchObject({ code: "CORRUPT_INPUT" });
  });

  it("refuses more members than the limit", async () => {
    const path = inFolder("many.zip");
    const entries = ["a", "b", "c"].map((name) => ({ name, bytes: data }));
    await writeFile(path, zipBytes(entries));
    await expect(
      openZip(await openFileAccess(path), archiveLimits({ members: 2 })),
    ).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
    const zip = await openZip(await openFileAccess(path), archiveLimits({ members: 3 }));
    expect(zip.entries).toHaveLength(3);
    expect(zip.sizeBytes).toBe((await readFile(path)).length);
    await zip[Symbol.asyncDispose]();
  });

  it("refuses a zip that lists more files than it counts", async () => {
    const entries = ["a", "b", "c"].map((name) => ({ name, bytes: data }));
    for (const count of [0, 1, 2]) {
      const zip = zipBytes(entries);
      zip.writeUInt16LE(count, zip.length - 12);
      await expect(opened(zip)).rejects.toMatchObject({
        code: "CORRUPT_INPUT",
        message: expect.stringContaining(`lists more files than the ${count} it counts`),
      });
    }
    // Neither where the directory lies nor how many files it has.
    const lost = zipBytes(entries);
    lost.fill(0, lost.length - 14, lost.length - 2);
    await expect(opened(lost)).rejects.toMatchObject({ code: "CORRUPT_INPUT" });
    const commented = Buffer.concat([zipBytes(entries), Buffer.from("a comment")]);
    commented.writeUInt16LE(9, commented.length - 11);
    const zip = await opened(commented);
    expect(zip.entries).toHaveLength(3);
    await zip[Symbol.asyncDispose]();
  });

  it("ends where files lie over one another, before a small zip has cost much", async () => {
    // Each header stands in the extra field of the one before, and all have the same data.
    const kernel = Buffer.alloc(40_000, "data");
    const names = Array.from({ length: 50 }, (_, i) => `${String(i).padStart(2, "0")}.dat`);
    const parts: Buffer[] = [];
    const directory: Buffer[] = [];
    for (const [i, name] of names.entries()) {
      const one = zipBytes([{ name, bytes: kernel }]);
      const header = Buffer.from(one.subarray(0, 36));
      header.writeUInt16LE((names.length - 1 - i) * 36, 28);
      const listed = Buffer.from(one.subarray(36 + kernel.length, -22));
      listed.writeUInt32LE(i * 36, 42);
      parts.push(header);
      directory.push(listed);
    }
    const end = Buffer.from(zipBytes([]));
    end.writeUInt16LE(names.length, 8);
    end.writeUInt16LE(names.length, 10);
    end.writeUInt32LE(Buffer.concat(directory).length, 12);
    end.writeUInt32LE(names.length * 36 + kernel.length, 16);
    await using zip = await opened(Buffer.concat([...parts, kernel, ...directory, end]));
    let read = 0;
    let problem: unknown;
    for (const entry of zip.entries) {
      await entry.read(limits).then(
        (bytes) => {
          read += bytes.length;
        },
        (error: unknown) => {
          problem = error;
        },
      );
    }
    expect(read / kernel.length).toBeGreaterThan(3);
    expect(read).toBeLessThanOrEqual(4 * zip.sizeBytes);
    expect(problem).toMatchObject({
      code: "LIMIT_EXCEEDED",
      message: expect.stringMatching(/^49\.dat is not read: the files of .* lie over one another/),
    });
  });

  it("opens an empty zip", async () => {
    expect(await contents([])).toEqual([]);
  });

  it.runIf(process.platform === "linux")("lets go of its file, whatever was wrong", async () => {
    const bad = { name: "bad", bytes: data, deflate: true, method: 8, size: 5 };
    const path = inFolder(`${files}.zip`);
    await contents([bad, { ...bad, crc: 1 }, { name: "noise", bytes: data, method: 8 }]);
    await opened(zipBytes([bad]).subarray(0, -4)).catch(() => {});
    const open: string[] = [];
    for (const descriptor of await readdir("/proc/self/fd")) {
      open.push(await readlink(`/proc/self/fd/${descriptor}`).catch(() => ""));
    }
    expect(open.filter((name) => name.startsWith(path.slice(0, path.lastIndexOf("/"))))).toEqual(
      [],
    );
  });
});
