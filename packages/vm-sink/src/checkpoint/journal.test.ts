import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ItemRecord, Journal, type JournalState, readState } from "./journal.ts";

const IDENTITY = { load: "archive", target: "http://db/" };

function record(item: number, table = 0): ItemRecord {
  const series = { firstSeries: 0, seriesCount: 10, firstMs: 1_000, lastMs: 2_000 };
  return { item, table, ...series, print: item * 7 + 1 };
}

describe("Journal", () => {
  let folder: string;
  let path: string;
  const failures: unknown[] = [];
  const open = (identity = IDENTITY) =>
    Journal.open(path, identity, (error) => failures.push(error));

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "millrace-journal-"));
    path = join(folder, "deep", "checkpoint");
    failures.length = 0;
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function written(): Promise<JournalState> {
    const journal = await open();
    journal.serverLife({ startedSeconds: 12, rowsInserted: 3 });
    journal.table(0, Float64Array.of(2 ** 52 + 1, 5));
    for (let item = 0; item < 5; item++) journal.intend(record(item));
    await journal.synced();
    journal.accepted(4, 400);
    journal.durable(2);
    await journal.synced();
    await journal.close();
    return journal.state;
  }

  it("comes back as it was left", async () => {
    const before = await written();
    const after = await open();
    expect(after.state).toEqual(before);
    expect(after.state).toMatchObject({ accepted: 4, durable: 2, durablePrint: 8 });
    expect(after.state.records.map(({ item }) => item)).toEqual([2, 3, 4]);
    expect(after.state.tables.get(0)).toEqual(Float64Array.of(2 ** 52 + 1, 5));
    expect(after.intent).toBe(5);
    await after.close();
  });

  it("never claims more than was said, wherever a crash cuts it", async () => {
    await written();
    const text = await readFile(path, "utf8");
    const headerEnd = text.indexOf("\n") + 1;
    let most = 0;
    for (let end = headerEnd; end <= text.length; end++) {
      await writeFile(path, text.slice(0, end));
      const state = await readState(path);
      expect(state?.durable).toBeLessThanOrEqual(2);
      expect(state?.accepted).toBeLessThanOrEqual(4);
      // Marks never run ahead of the items that they are about.
      expect(state?.accepted ?? 0).toBeLessThanOrEqual((state?.records.at(-1)?.item ?? -1) + 1);
      most = Math.max(most, state?.durable ?? 0);
    }
    expect(most).toBe(2);
  });

  it("is for one process, one load and one target", async () => {
    const first = await open();
    await expect(open()).rejects.toThrow("in use by process");
    await first.close();
    await expect(open({ ...IDENTITY, load: "another" })).rejects.toThrow(
      "of an unfinished load of other data",
    );
    await expect(open({ ...IDENTITY, target: "http://other/" })).rejects.toThrow("into http://db/");
    await (await open()).close();
  });

  it("starts anew after a load that was done", async () => {
    const journal = await open();
    journal.intend(record(0));
    await journal.done();
    await journal.close();
    expect((await readState(path))?.done).toBe(true);
    const next = await open({ load: "another", target: "x" });
    expect(next.intent).toBe(0);
    await next.close();
  });

  it("forgets what it needs no more, and keeps its file small", async () => {
    const journal = await open();
    let largest = 0;
    journal.table(0, new Float64Array(10));
    for (let item = 0; item < 60_000; item++) {
      if (item === 30_000) journal.table(1, new Float64Array(10));
      journal.intend(record(item, item < 30_000 ? 0 : 1));
      if (item % 100 === 99) {
        journal.accepted(item, item);
        journal.durable(item - 50);
        await journal.synced();
        largest = Math.max(largest, (await stat(path)).size);
      }
    }
    await journal.close();
    expect(largest).toBeLessThan(5_000_000);
    const state = await readState(path);
    expect(state?.durable).toBe(59_949);
    expect(state?.records).toHaveLength(51);
    expect([...(state?.tables.keys() ?? [])]).toEqual([1]);
  });

  it("refuses a file that is no checkpoint, and leaves it alone", async () => {
    await (await open()).close();
    for (const text of ["hello\n", '{"a":1}\n', '{"millrace":"checkpoint","version":9}\n']) {
      await writeFile(path, text);
      await expect(open()).rejects.toThrow("checkpoint");
      expect(await readFile(path, "utf8")).toBe(text);
    }
  });

  it("says when it cannot be written", async () => {
    path = join(folder, "file");
    await writeFile(path, "");
    path = join(path, "below");
    await expect(open()).rejects.toThrow("cannot be written");
  });
});
