import { describe, expect, it } from "vitest";
import { datBytes } from "../../test/dat-bytes.ts";
import { FIRST_BLOCK_AT, readBlock } from "./dat-file.ts";
import { peekDat } from "./peek.ts";
import { timeBounds } from "./plausible-times.ts";

const corrupt = (message: RegExp) =>
  expect.objectContaining({ code: "CORRUPT_INPUT", message: expect.stringMatching(message) });

/** What the head tells of a file of so many bytes. */
const peek = (head: Uint8Array, sizeBytes: number) =>
  peekDat(head, "PerfData_SN_A1_SP0_0_20251020001500.tgz", "x.dat", sizeBytes, timeBounds());

const whole = datBytes();
const head = whole.subarray(0, readBlock(whole, FIRST_BLOCK_AT)?.rowsAt);

describe("peekDat", () => {
  it("needs the beginning only, where the first block fills the file", () => {
    const found = peek(head, whole.length);
    expect(found).toMatchObject({ serial: "A1", controller: "SP0", problems: [], whole: true });
    expect(found.blocks).toMatchObject([{ intervalSeconds: 60, rowCount: 3 }]);
    expect(found.blocks[0]?.resources).toHaveLength(1);
    expect(() => peek(head.subarray(0, -1), whole.length)).toThrow(corrupt(/declares/));
  });

  it("tells by the size alone that rows are missing", () => {
    const found = peek(head, whole.length - 1);
    expect(found).toMatchObject({ blocks: [{ rowCount: 2 }], whole: true });
    expect(found.problems).toEqual(["x.dat: The block at byte 337 ends after 2 of 3 rows."]);
    expect(() => peek(head, head.length)).toThrow(corrupt(/ends after 0 of 3 rows/));
  });

  it("says when the beginning is not enough", () => {
    expect(peek(head, whole.length + 1)).toMatchObject({ problems: [], whole: false });
    const two = datBytes([{}, { start: 1_760_000_220 }]);
    expect(peek(two.subarray(0, -1), two.length)).toMatchObject({ whole: false });
    const both = peek(two, two.length);
    expect(both.whole).toBe(true);
    expect(both.blocks.map(({ rowCount }) => rowCount)).toEqual([3, 3]);
  });
});
