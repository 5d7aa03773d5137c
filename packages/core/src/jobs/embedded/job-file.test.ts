import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MillraceError } from "../../errors.ts";
import { embeddedJobs } from "./embedded-jobs.ts";

const JOBS = 30;
let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-job-file-"));
  path = join(folder, "jobs.db");
});
afterEach(() => rm(folder, { recursive: true }));

/** A file with jobs that were answered for. */
async function filled(): Promise<Buffer> {
  const jobs = await embeddedJobs({ path });
  for (let i = 0; i < JOBS; i++) {
    await jobs.add("load", { text: "x".repeat(50 * i) }, { id: `${i}` });
  }
  await jobs[Symbol.asyncDispose]();
  return await readFile(path);
}

/** What opening it leads to: all the jobs as they were, or a clear refusal. */
async function outcome(bytes: Buffer, intact: readonly unknown[]): Promise<"intact" | "refused"> {
  await writeFile(path, bytes);
  await rm(`${path}-journal`, { force: true });
  try {
    await using jobs = await embeddedJobs({ path });
    expect((await jobs.list()).jobs).toEqual(intact);
    return "intact";
  } catch (error) {
    if (!MillraceError.is(error)) throw error;
    expect(error).toMatchObject({ code: "CORRUPT_INPUT" });
    expect(error.message).toContain(`The job queue ${path} is damaged`);
    expect(await readFile(path), "the damaged file afterwards").toEqual(bytes);
    return "refused";
  }
}

describe("the file of an embedded queue", () => {
  it("never loses a job in silence, wherever a byte of it changes", async () => {
    const bytes = await filled();
    const intact = await (async () => {
      await using jobs = await embeddedJobs({ path });
      return (await jobs.list()).jobs;
    })();
    const seen = new Set<string>();
    const at = fc.integer({ min: 0, max: bytes.length - 1 });
    const bits = fc.integer({ min: 1, max: 255 });
    await fc.assert(
      fc.asyncProperty(at, bits, async (offset, change) => {
        const changed = Buffer.from(bytes);
        changed[offset] = (changed[offset] as number) ^ change;
        seen.add(await outcome(changed, intact));
      }),
      // Byte 18 tells which SQLite may write the file.
      { numRuns: 80, examples: [[18, 4]] },
    );
    // Space that is not used may hold anything.
    expect([...seen].sort()).toEqual(["intact", "refused"]);
  }, 60_000);

  it("never loses a job in silence, wherever it is cut off", async () => {
    const bytes = await filled();
    const cuts = fc.integer({ min: 0, max: bytes.length - 1 });
    await fc.assert(
      fc.asyncProperty(cuts, async (length) => {
        expect(await outcome(bytes.subarray(0, length), [])).toBe("refused");
      }),
      { numRuns: 50, examples: [[0], [bytes.length - 1], [4_096], [100]] },
    );
  });

  it("refuses what is no queue, and leaves it", async () => {
    expect(await outcome(Buffer.from("some text of somebody\n".repeat(50)), [])).toBe("refused");
    await rm(path);
    execFileSync(process.execPath, [
      ...["--no-warnings", "-e"],
      `new (require("node:sqlite").DatabaseSync)(${JSON.stringify(path)}).exec("CREATE TABLE t (a)")`,
    ]);
    expect(await outcome(await readFile(path), [])).toBe("refused");
  });

  it("says that it cannot be made where it cannot", async () => {
    await expect(embeddedJobs({ path: "/dev/null/jobs.db" })).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringMatching(/^The job queue \/dev\/null\/jobs\.db cannot be opened: E/),
    });
  });
});
