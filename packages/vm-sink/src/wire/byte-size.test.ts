import { describe, expect, it } from "vitest";
import { byteSize } from "./byte-size.ts";

describe("byteSize", () => {
  it.each([
    ["33554432", 33_554_432],
    ["64KB", 64_000],
    ["64KiB", 65_536],
    ["32MB", 32_000_000],
    ["32MiB", 33_554_432],
    ["1.5GB", 1_500_000_000],
    ["2GiB", 2_147_483_648],
    ["1TB", 1e12],
    ["1TiB", 2 ** 40],
    ["32mib", 33_554_432],
    ["64kb", 64_000],
    ["1e6", 1_000_000],
    [" 16MiB ", 16_777_216],
    ["0", 0],
  ])("reads %j", (flag, bytes) => {
    expect(byteSize(flag)).toBe(bytes);
  });

  it.each(["", " ", "MiB", "-1", "32 M", "32MiBs", "1.2.3KB", "secret"])(
    "does not guess at %j",
    (flag) => {
      expect(byteSize(flag)).toBeUndefined();
    },
  );
});
