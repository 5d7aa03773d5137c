import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { openFile } from "./file-container.ts";
import { openFolder } from "./folder-container.ts";
import { archiveLimits } from "./limits.ts";
import { openContainer } from "./open-container.ts";

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
    const links = container.entries.filter(({ leftOut }) => leftOut !== undefined);
    expect(links.map(({ path, leftOut }) => `${path}: ${leftOut}`).sort()).toEqual([
      "away: A link to a folder, which is not followed; give the folder itself.",
      "circle: A link to a folder, which is not followed; give the folder itself.",
    ]);
    const read = container.entries.filter((entry) => !links.includes(entry));
    expect(read.map(({ path }) => path).sort()).toEqual(["link.tgz", "own.tgz"]);
  });

  it.skipIf(process.platform === "win32")(
    "says of a pipe that it is none of its files",
    async () => {
      const folder = await folderOf("pipes", { "own.tgz": "1" });
      execFileSync("mkfifo", [`${folder}/pipe.tgz`, `${folder}/pipe.zip`]);
      const { entries, nested } = await openFolder(folder, limits);
      const pipe = entries.find(({ path }) => path === "pipe.tgz");
      await expect(pipe?.read(limits)).rejects.toMatchObject({
        code: "UNSUPPORTED",
        message: `${folder}/pipe.tgz is neither a file nor a folder.`,
      });
      await expect(openContainer(nested[0] as string, limits)).rejects.toThrow("neither a file");
    },
  );

  it.skipIf(!existsSync("/proc/kmsg"))(
    "does not wait for a file of the kernel that never ends",
    async () => {
      const folder = await folderOf("kernel", {});
      await symlink("/proc/kmsg", `${folder}/x.dat`);
      const [entry] = (await openFolder(folder, limits)).entries;
      // Without the rights to read it, it cannot even be opened.
      const read = entry?.read(limits).catch(({ code }) => code);
      expect(["EACCES", "EPERM", "0 bytes"]).toContain(
        await read?.then((it) => (it instanceof Uint8Array ? `${it.length} bytes` : it)),
      );
    },
  );

  // Root may list anything; the campaign "hostile" tries it as somebody else.
  const root = process.getuid?.() === 0 ? " [skipped: run by root]" : "";
  it.skipIf(root !== "")(`costs a folder that cannot be listed its own files${root}`, async () => {
    const folder = await folderOf("closed", { "own.tgz": "1", "a/b.tgz": "1" });
    await chmod(`${folder}/a`, 0);
    const { entries } = await openFolder(folder, limits);
    await chmod(`${folder}/a`, 0o755);
    expect(entries.map(({ path }) => path).sort()).toEqual(["a", "own.tgz"]);
    await expect(entries.find(({ path }) => path === "a")?.checkName?.()).rejects.toThrow(
      `The folder ${folder}/a cannot be listed: you have no right to.`,
    );
  });

  it("says why the folder itself cannot be listed", async () => {
    await expect(openFolder(inFolder("nowhere"), limits)).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining(`The folder ${inFolder("nowhere")} cannot be listed`),
    });
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
