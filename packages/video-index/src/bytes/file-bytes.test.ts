import { execFileSync } from "node:child_process";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileBytes } from "./file-bytes.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "file-bytes-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("fileBytes", () => {
  it("does not wait for a pipe that nobody writes to", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    await expect(fileBytes(path)).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });

  it("gives what is left of a file that shrank", async () => {
    const path = join(folder, "shrinks");
    await writeFile(path, Uint8Array.of(1, 2, 3, 4));
    await using bytes = await fileBytes(path);
    await truncate(path, 2);
    expect([...(await bytes.read(1, 3))]).toEqual([2]);
    expect([...(await bytes.read(2, 2))]).toEqual([]);
  });
});
