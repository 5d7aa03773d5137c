import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { identifyPeriodFile, readFileName } from "./file-name.ts";
import { fileOwner } from "./file-owner.ts";

const long = `2025/PerfData_${"x".repeat(190)}_SN_2102355ABC_SP10_7_20251020001500.tgz`;

describe("readFileName", () => {
  it.each([
    ["PerfData_D6000_SN_2102355ABC_SP0_1_20251020001500.tgz", "2102355ABC", "SP0"],
    ["a/b/PerfData_D_SN_2102355ABC_SP1_1_20251020001500DST.TGZ", "2102355ABC", "SP1"],
    [long, "2102355ABC", "SP10"],
    ["(10.7.39.180)host_Perf_SP1_20251020001500.tgz", "10_7_39_180", "SP1"],
    ["(10.7.39.180)PerfData_SN_9Z_SP0_1_20251020001500.tgz", "9Z", "SP0"],
    ["_SN_FOLDER_SP0_/PerfData_20251020001500.tgz", undefined, undefined],
    ["PerfData_SN_lower_SP0_1.tgz", undefined, "SP0"],
    ["", undefined, undefined],
  ])("reads %s", (path, serial, controller) => {
    expect(readFileName(path)).toEqual({ serial, controller });
  });
});

describe("identifyPeriodFile", () => {
  it.each(["x.txt", "x.tgz.tmp", "", "x.zip", "x.gz", "tgz", "x.dat/y"])(
    "passes %j over",
    (path) => {
      expect(identifyPeriodFile(path)).toBeUndefined();
    },
  );

  it.each(["x.tgz", "x.TGZ", "a/x.Tar.Gz", "x.dat", "x.DAT"])("takes %s", (path) => {
    expect(identifyPeriodFile(path)).toBeDefined();
  });

  it("tells arrays and controllers apart and ignores folders", () => {
    const stream = (path: string) => identifyPeriodFile(path)?.stream;
    const name = "PerfData_D_SN_A1_SP0_1_20251020001500.tgz";
    expect(stream(name)).toBe(stream(`2025-10-20/${name}`));
    expect(stream(name)).not.toBe(stream(name.replace("SP0", "SP1")));
    expect(stream(name)).not.toBe(stream(name.replace("A1", "A2")));
    expect(stream(name)).toBe(stream(name.replace("1500", "3000")));
    expect(stream(name)).not.toBe(stream(name.replace("_SN_A1_SP0", "")));
  });

  it("sorts by time, through the hour that comes twice and the one that is left out", () => {
    const order = (stamp: string) =>
      identifyPeriodFile(`PerfData_D_SN_A1_SP0_1_${stamp}.tgz`)?.order ?? "";
    for (const inTime of [
      [
        "20251026013000DST",
        "20251026021500DST",
        "20251026024500DST",
        "20251026021500",
        "20251026023000",
      ],
      ["20260329014500", "20260329031500DST", "20260329033000DST"],
      ["20251231234500", "20260101000000"],
      ["20250630234500DST", "20250701000000DST", "20250701001500DST"],
    ]) {
      expect([...inTime].reverse().sort((a, b) => (order(a) < order(b) ? -1 : 1))).toEqual(inTime);
    }
    expect(order("20251020001500")).not.toBe(order("99999999999999DST"));
  });

  it("is defined for every name with the extension", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        const identity = identifyPeriodFile(`${name}.tgz`);
        expect(identity).toEqual({ stream: expect.any(String), order: expect.any(String) });
      }),
    );
  });
});

describe("fileOwner", () => {
  const header = { serial: "SN_2102355HEADER", model: "M" };
  const own = "PerfData_SN_INNER_SP1_0_20251020001500.dat";

  it("believes the packed name, then its own, then the header", () => {
    const outer = "PerfData_SN_OUTER_SP0_0_20251020001500.tgz";
    expect(fileOwner(header, outer, own)).toEqual({
      serial: "OUTER",
      model: "M",
      controller: "SP0",
    });
    expect(fileOwner(header, "x.tgz", own)).toMatchObject({ serial: "INNER", controller: "SP1" });
    expect(fileOwner(header, "x.tgz", "x.dat")).toMatchObject({
      serial: "2102355HEADER",
      controller: "",
    });
  });

  it.each(["", "SN_", "SN_short", "SN_2102355\ufffdABC", "lower case 123"])(
    "does not believe a header that says %j",
    (serial) => {
      expect(fileOwner({ serial, model: "" }, "x.tgz", "x.dat").serial).toBe("UNKNOWN_SN");
    },
  );
});
