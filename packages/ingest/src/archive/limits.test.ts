import { describe, expect, it } from "vitest";
import { archiveLimits, unpackedCap } from "./limits.ts";

const MIB = 1024 * 1024;

describe("archiveLimits", () => {
  it("fills up with the defaults", () => {
    expect(archiveLimits({ members: 3 })).toEqual({
      packedBytes: 256 * MIB,
      unpackedBytes: 512 * MIB,
      members: 3,
      documents: 1_000,
      ratio: 250,
      nestedBytes: 256 * MIB,
      nestedDepth: 3,
      nestedArchives: 10_000,
      sevenZipBytes: 1024 * MIB,
    });
  });

  it.each([0, -1, Number.NaN, "5" as never])("refuses %s", (ratio) => {
    expect(() => archiveLimits({ ratio })).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTION",
        message: `Limit ratio is ${ratio}; give a number above 0.`,
      }),
    );
  });
});

describe("archiveLimits of another name", () => {
  it("are refused, since a misspelt one would bound nothing", () => {
    expect(() => archiveLimits({ unpackedbytes: 5 } as never)).toThrow(
      /There is no limit "unpackedbytes"; there are packedBytes, unpackedBytes, /,
    );
  });
});

describe("unpackedCap", () => {
  const limits = archiveLimits({ ratio: 10, unpackedBytes: 100 * MIB });

  it.each([
    [0, 8 * MIB],
    [1, 8 * MIB],
    [MIB, 10 * MIB],
    [9 * MIB, 90 * MIB],
    [11 * MIB, 100 * MIB],
  ])("for %i packed bytes is %i", (packed, cap) => {
    expect(unpackedCap(limits, packed)).toBe(cap);
  });

  it("is never above unpackedBytes", () => {
    expect(unpackedCap(archiveLimits({ unpackedBytes: 5 }), 1_000)).toBe(5);
  });
});
