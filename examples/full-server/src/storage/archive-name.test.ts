import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { archiveName } from "./archive-name.ts";

describe("the name of an archive", () => {
  it.each([
    ["../../etc/a.zip", "a.zip"],
    ["C:\\dumps\\a.zip", "a.zip"],
    ["a\u202egpj.zip", "agpj.zip"],
    ["a\r\nset-cookie: b\0.zip", "aset-cookie: b.zip"],
    ["", ""],
  ])("%j is %j", (given, name) => {
    expect(archiveName(given)).toBe(name);
  });

  it("fits a file, is well-formed, and keeps its end", () => {
    fc.assert(
      fc.property(fc.uint16Array({ maxLength: 300 }), (units) => {
        const text = String.fromCharCode(...units);
        const name = archiveName(`${text}.zip`);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(180);
        expect(name.isWellFormed()).toBe(true);
        expect(name.endsWith(".zip")).toBe(true);
        expect(name).not.toMatch(/[/\\\p{Cc}\p{Bidi_Control}]/u);
      }),
    );
  });

  it("is never cut within a character", () => {
    expect(archiveName(`${"😀".repeat(99)}ab.zip`)).toBe(`${"😀".repeat(43)}ab.zip`);
  });
});
