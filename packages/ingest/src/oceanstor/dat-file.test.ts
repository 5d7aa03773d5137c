import { describe, expect, it } from "vitest";
import { datBytes } from "../../test/dat-bytes.ts";
import { FIRST_BLOCK_AT, readBlock, readHeader } from "./dat-file.ts";

const corrupt = (message: RegExp) =>
  expect.objectContaining({ code: "CORRUPT_INPUT", message: expect.stringMatching(message) });

describe("readHeader", () => {
  it("reads serial and model up to their padding", () => {
    expect(readHeader(datBytes())).toEqual({
      serial: "SN_2102355HEADER00001",
      model: "Dorado_Test",
    });
  });

  it("reads fields without padding, and damaged ones", () => {
    const bytes = datBytes([]);
    bytes.fill("A", 36, 333);
    expect(readHeader(bytes)).toEqual({ serial: "A".repeat(256), model: "A".repeat(41) });
    bytes.set([0xff, 0xc3, 0x28, 0], 292);
    expect(readHeader(bytes).model).toBe("\ufffd\ufffd(");
  });

  it("refuses what is shorter", () => {
    expect(() => readHeader(new Uint8Array(0))).toThrow(corrupt(/empty/));
    expect(() => readHeader(new Uint8Array(336))).toThrow(corrupt(/336 bytes/));
    expect(readHeader(new Uint8Array(337))).toEqual({ serial: "", model: "" });
  });
});

describe("readBlock", () => {
  it("finds map and rows", () => {
    const bytes = datBytes([{ text: "the map" }]);
    const block = readBlock(bytes, FIRST_BLOCK_AT);
    expect(Buffer.from(block?.map ?? []).toString()).toBe("the map");
    expect(block?.rowsAt).toBe(337 + 8 + 7);
    expect(readBlock(datBytes([{ text: "" }]), FIRST_BLOCK_AT)?.map).toHaveLength(0);
  });

  it("needs a first block", () => {
    expect(() => readBlock(datBytes([]), FIRST_BLOCK_AT)).toThrow(corrupt(/ends in the head/));
    for (const length of [0, 7, -1, 0x7fff_ffff]) {
      const bytes = datBytes([{ length }]);
      expect(() => readBlock(bytes, FIRST_BLOCK_AT)).toThrow(corrupt(/declares/));
    }
  });

  it("ends at the end and at zeros, and nowhere else", () => {
    const whole = datBytes();
    const at = whole.length;
    const behind = (...tail: number[]) => readBlock(datBytes([{}], Buffer.from(tail)), at);
    expect(readBlock(whole, at)).toBeUndefined();
    expect(behind(0)).toBeUndefined();
    expect(behind(...new Array(600).fill(0))).toBeUndefined();
    expect(() => behind(0, 0, 1)).toThrow(corrupt(new RegExp(`3 bytes from byte ${at} on`)));
    expect(() => behind(1, 0, 0, 0, 8, 0, 0, 0)).toThrow(corrupt(/8 bytes .* belong to no block/));
    expect(() => behind(0, 0, 0, 0, 8, 0)).toThrow(corrupt(/ends in the head/));
    expect(() => behind(0, 0, 0, 0, 0, 0, 0, 0, 1)).toThrow(corrupt(/declares 0 bytes/));
  });

  it("works on a view with an offset", () => {
    const memory = new Uint8Array(1_001 + datBytes().length);
    memory.set(datBytes(), 1_001);
    expect(readBlock(memory.subarray(1_001), FIRST_BLOCK_AT)).toEqual(
      readBlock(Uint8Array.from(datBytes()), FIRST_BLOCK_AT),
    );
  });
});
