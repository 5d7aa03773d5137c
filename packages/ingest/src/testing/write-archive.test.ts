import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openPromise } from "yauzl";
import { generateArchive } from "./generate-archive.ts";
import { writeFolder, writeTgz, writeZip } from "./write-archive.ts";

const archive = generateArchive({
  profile: "tiny",
  filesPerController: 3,
  faults: [{ kind: "macosx" }, { kind: "empty-tgz" }, { kind: "duplicate-copy" }],
});

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "millrace-archive-"));
});
afterAll(() => rm(directory, { recursive: true }));

async function entriesOf(path: string): Promise<{ name: string; method: number; bytes: Buffer }[]> {
  const entries: { name: string; method: number; bytes: Buffer }[] = [];
  const zip = await openPromise(path, { lazyEntries: true });
  for await (const entry of zip.eachEntry()) {
    const bytes = await buffer(await zip.openReadStreamPromise(entry));
    entries.push({ name: entry.fileName, method: entry.compressionMethod, bytes });
  }
  return entries;
}

test.each([
  { deflate: false, method: 0 },
  { deflate: true, method: 8 },
])("writeZip writes every file in order, deflate: $deflate", async ({ deflate, method }) => {
  const path = join(directory, `deflate-${deflate}.zip`);
  const seen: string[] = [];
  const written = await writeZip(archive, path, {
    deflate,
    onFile: (file) => seen.push(file.path),
  });
  const files = [...archive.files()];
  const entries = await entriesOf(path);
  expect(entries.map(({ name }) => name)).toEqual(files.map((file) => file.path));
  expect(seen).toEqual(entries.map(({ name }) => name));
  for (const [index, entry] of entries.entries()) {
    expect(entry.method).toBe(method);
    expect(entry.bytes.equals(files[index]?.bytes ?? new Uint8Array())).toBe(true);
  }
  expect(written).toEqual({
    bytes: (await stat(path)).size,
    files: 8,
    samples: archive.totals.samples,
  });
});

test("writeZip writes the same bytes twice", async () => {
  const [one, two] = [join(directory, "one.zip"), join(directory, "two.zip")];
  await writeZip(archive, one);
  await writeZip(archive, two);
  expect((await readFile(one)).equals(await readFile(two))).toBe(true);
});

test("writeZip rejects when it cannot write", async () => {
  await expect(writeZip(archive, join(directory, "none", "x.zip"))).rejects.toThrow(/ENOENT/);
});

test("writeFolder writes every file to its path", async () => {
  const folder = join(directory, "folder");
  const written = await writeFolder(archive, folder);
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  expect(names.filter((name) => name.isFile())).toHaveLength(written.files);
  for (const file of archive.files()) {
    expect((await readFile(join(folder, file.path))).equals(file.bytes)).toBe(true);
  }
});

test("writeTgz writes the first file alone", async () => {
  const path = join(directory, "first.tgz");
  const [first] = archive.files();
  expect(await writeTgz(archive, path)).toEqual({
    bytes: first?.bytes.length,
    files: 1,
    samples: 540,
  });
  expect((await readFile(path)).equals(first?.bytes ?? new Uint8Array())).toBe(true);
});
