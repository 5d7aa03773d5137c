import { mkdir, readFile, rm } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { CHUNK_BYTES, ChunkQueue, TextFile } from "./text-output.ts";

const at = temporaryFolder();

describe("ChunkQueue", () => {
  it("lets a few buffers be on their way, and then waits for the first of them", async () => {
    const queue = new ChunkQueue();
    const held: (() => void)[] = [];
    const slow = { append: () => new Promise<void>((free) => held.push(free)) };
    let taken = 0;
    const feeding = (async () => {
      for (let i = 0; i < 10; i++) {
        await queue.push(slow as unknown as TextFile, queue.take(0), 1);
        taken += 1;
      }
    })();
    for (let written = 0; written < 10; written++) {
      await expect.poll(() => held.length).toBe(Math.min(10, written + 4));
      expect(taken).toBeLessThanOrEqual(written + 3);
      held[written]?.();
    }
    await feeding;
    await queue.drain();
  });

  it("uses buffers again once they are written, but not larger ones", async () => {
    const queue = new ChunkQueue();
    const file = new TextFile(at("."), "test", { gzip: false, keepOpen: true });
    const [first, large] = [queue.take(0), queue.take(CHUNK_BYTES + 1)];
    await queue.push(file, large, 3);
    await queue.push(file, first, 3);
    await queue.drain();
    expect(queue.take(0)).toBe(first);
    expect(queue.take(0)).not.toBe(large);
    await file.discard();
  });

  it.each([true, false])("keeps the order of a file, kept open or not (%s)", async (keepOpen) => {
    const queue = new ChunkQueue();
    const file = new TextFile(at("."), "test", { gzip: false, keepOpen });
    for (const text of ["a", "b", "c", "d", "e", "f"]) {
      const buffer = queue.take(0);
      await queue.push(file, buffer, buffer.write(text));
    }
    await queue.drain();
    await file.seal();
    await file.publish(at("order"));
    expect(await readFile(at("order"), "utf8")).toBe("abcdef");
  });

  it("says that the disk refused, and writes nothing behind the gap", async () => {
    const folder = at("gone");
    await mkdir(folder);
    const queue = new ChunkQueue();
    const file = new TextFile(folder, "csv: out.csv", { gzip: true, keepOpen: false });
    const push = () => queue.push(file, queue.take(0), 100);
    await push();
    await queue.drain();
    await rm(folder, { recursive: true });
    await push();
    await push();
    const refused = expect.objectContaining({
      code: "SINK_REJECTED",
      message: expect.stringMatching(/^csv: out\.csv could not be written: ENOENT/),
    });
    await expect(queue.drain()).rejects.toEqual(refused);
    await expect(file.seal()).rejects.toEqual(refused);
    await file.discard();
  });
});
