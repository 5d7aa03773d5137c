import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { putAside } from "./put-aside.ts";

const OTHER_DEVICE = "/dev/shm";

describe("a file that is put aside", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-aside-"));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it("replaces none that lies there, and has its own reason", async () => {
    const aside = join(folder, "quarantine");
    for (const text of ["one", "two", "three"]) {
      await writeFile(join(folder, "a.zip"), text);
      await putAside(join(folder, "a.zip"), join(aside, "a.zip"), `reason ${text}`);
    }
    await writeFile(join(aside, "b.zip"), "there before, without a reason");
    await writeFile(join(folder, "b.zip"), "four");
    await putAside(join(folder, "b.zip"), join(aside, "b.zip"), "reason four");
    const held = Object.fromEntries(
      await Promise.all(
        (await readdir(aside)).map(async (name) => [
          name,
          await readFile(join(aside, name), "utf8"),
        ]),
      ),
    );
    expect(held).toEqual({
      "a.zip": "one",
      "a.zip.reason.txt": "reason one\n",
      "a-2.zip": "two",
      "a-2.zip.reason.txt": "reason two\n",
      "a-3.zip": "three",
      "a-3.zip.reason.txt": "reason three\n",
      "b.zip": "there before, without a reason",
      "b-2.zip": "four",
      "b-2.zip.reason.txt": "reason four\n",
    });
    expect(await readdir(folder)).toEqual(["quarantine"]);
  });

  it("may go to another device", async (context) => {
    const [here, there] = [await stat(folder), await stat(OTHER_DEVICE).catch(() => undefined)];
    if (there === undefined || there.dev === here.dev) {
      process.stdout.write(`skipped putAside across devices: ${OTHER_DEVICE} is none\n`);
      return context.skip();
    }
    const aside = await mkdtemp(join(OTHER_DEVICE, "millrace-aside-"));
    try {
      await writeFile(join(folder, "c.zip"), "five");
      const path = await putAside(join(folder, "c.zip"), join(aside, "c.zip"), "why");
      expect(await readFile(path, "utf8")).toBe("five");
      expect(await readdir(folder)).not.toContain("c.zip");
    } finally {
      await rm(aside, { recursive: true });
    }
  });
});
