import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { openFile } from "./file-container.ts";
import { openFolder } from "./folder-container.ts";
import { archiveLimits } from "./limits.ts";

const inFolder = temporaryFolder();
const limits = archiveLimits();

async function folderOf(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = inFolder(name);
  await mkdir(folder);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(`${folder}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await writeFile(`${folder}/${path}`, content);
  }
  return folder;
}

describe("openFolder", () => {
  it("lists all files below, and zips on their own", async () => {
    const folder = await folderOf("tree", {
      "b.tgz": "12345",
      "a/c/d.dat": "1",
      "z.zip": "zip",
      "a/y.ZIP": "zip",
      "a/empty": "",
    });
    await using container = await openFolder(folder, limits);
    const entries = container.entries.map(({ path, storedBytes }) => [path, storedBytes]);
    expect(entries.sort()).toEqual([
      ["a/c/d.dat", 1],
      ["a/empty", 0],
      ["b.tgz", 5],
    ]);
    expect(container.nested).toEqual([`${folder}/a/y.ZIP`, `${folder}/z.zip`]);
    expect(container).toMatchObject({ name: folder, sizeBytes: 6 });
  });

  it("follows links to files and none to folders", async () => {
    const target = await folderOf("target", { "x.tgz": "123" });
    const folder = await folderOf("links", { "own.tgz": "1" });
    await symlink(`${target}/x.tgz`, `${folder}/link.tgz`);
    await symlink(target, `${folder}/away`);
    await symlink(folder, `${folder}/circle`);
    await using container = await openFolder(folder, limits);
    expect(container.entries.map(({ path }) => path).sort()).toEqual(["link.tgz", "own.tgz"]);
  });

  it("lists a link that leads nowhere, which then cannot be read", async () => {
    const folder = await folderOf("dangling", {});
    await symlink(`${folder}/gone.tgz`, `${folder}/link.tgz`);
    const { entries } = await openFolder(folder, limits);
    expect(entries.map(({ path, storedBytes }) => [path, storedBytes])).toEqual([["link.tgz", 0]]);
    await expect(entries[0]?.read(limits)).rejects.toThrow(
      `is a link to ${folder}/gone.tgz, which does not exist.`,
    );
  });

  it("opens an empty folder", async () => {
    const container = await openFolder(await folderOf("empty", {}), limits);
    expect(container).toMatchObject({ entries: [], nested: [], sizeBytes: 0 });
  });

  it("refuses more members than the limit", async () => {
    const folder = await folderOf("many", { a: "", b: "", c: "" });
    await expect(openFolder(folder, archiveLimits({ members: 2 }))).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
      message: expect.stringContaining('raise the limit "members"'),
    });
    expect((await openFolder(folder, archiveLimits({ members: 3 }))).entries).toHaveLength(3);
  });
});

describe("openFile", () => {
  it("is a container of one file, read within the limit", async () => {
    const folder = await folderOf("single", { "x.tgz": "12345" });
    const container = await openFile(`${folder}/x.tgz`);
    expect(container).toMatchObject({ name: `${folder}/x.tgz`, sizeBytes: 5, nested: [] });
    const [entry] = container.entries;
    expect(entry).toMatchObject({ path: "x.tgz", storedBytes: 5 });
    expect(Buffer.from((await entry?.read(limits)) ?? []).toString()).toBe("12345");
    await expect(entry?.read(archiveLimits({ packedBytes: 4 }))).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
  });

  it("asks for the size again, as files grow, and says when the file is gone", async () => {
    const folder = await folderOf("growing", { "x.tgz": "1" });
    const [entry] = (await openFile(`${folder}/x.tgz`)).entries;
    await writeFile(`${folder}/x.tgz`, "12345");
    const small = archiveLimits({ packedBytes: 4 });
    await expect(entry?.read(small)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
    await rm(`${folder}/x.tgz`);
    await expect(entry?.read(limits)).rejects.toThrow(/x\.tgz does not exist/);
  });
});
