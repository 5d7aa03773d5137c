import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeObjectStore } from "../../testing/describe-object-store.ts";
import { folderObjects } from "./folder-objects.ts";

let folder = "";
let stores = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-objects-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Files below a folder, from there. */
const filesBelow = async (path: string): Promise<string[]> => {
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
};

describeObjectStore("describeObjectStore: folderObjects", {
  create: () => {
    stores += 1;
    return folderObjects({ path: join(folder, `${stores}`) });
  },
  leftOvers: async () =>
    (await filesBelow(join(folder, `${stores}`, ".arriving"))).filter((it) => it !== "owner.json"),
});

describe("folderObjects", () => {
  it("writes nothing outside its folder, and leaves no folder of a deleted key", async () => {
    const path = join(folder, "outside", "store");
    await using store = folderObjects({ path });
    for (const key of ["../up", "/etc/x", "a/../../b"]) await store.put(key, [Buffer.from("x")]);
    expect(await readdir(join(folder, "outside"))).toEqual(["store"]);
    for (const key of ["../up", "/etc/x", "a/../../b"]) await store.delete(key);
    expect(await readdir(path)).toEqual([".arriving"]);
  });

  it("removes what a killed process left half-written, and nothing of a living one", async () => {
    const path = join(folder, "killed");
    const program = new URL("../../../test/programs/hanging-put.ts", import.meta.url);
    const start = async () => {
      const child = spawn(
        process.execPath,
        ["--conditions=@millrace/source", fileURLToPath(program), path],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      await once(child.stdout, "data");
      return child;
    };
    const [dead, living] = [await start(), await start()];
    const arriving = async (): Promise<number> =>
      (await filesBelow(join(path, ".arriving"))).filter((name) => name !== "owner.json").length;
    expect(await arriving()).toBe(2);
    const gone = once(dead, "exit");
    dead.kill("SIGKILL");
    await gone;
    await using store = folderObjects({ path });
    expect((await store.list()).objects).toEqual([]);
    expect(await arriving()).toBe(1);
    const ended = once(living, "exit");
    living.kill("SIGKILL");
    await ended;
  });

  it("puts and deletes beside each other in one folder of keys", async () => {
    await using store = folderObjects({ path: join(folder, "beside") });
    await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        await store.put(`a/b/c/${i}`, [Buffer.from(`${i}`)]);
        if (i % 4 !== 0) await store.delete(`a/b/c/${i}`);
      }),
    );
    expect((await store.list()).objects).toHaveLength(10);
  });

  it("says that it cannot write where it cannot", async () => {
    await using store = folderObjects({ path: "/dev/null/store" });
    await expect(store.put("key", [])).rejects.toMatchObject({
      code: "REMOTE_FAILED",
      message: expect.stringMatching(/^The object store \/dev\/null\/store fails: ENOTDIR/),
    });
  });
});
