import { basename, dirname, normalize } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filePiece, folderPiece, keyPath } from "./key-path.ts";

const awkward = fc.constantFrom("/", ".", "%", "+", "%2F", "\n", "ж", "😀", "a", "x".repeat(120));
const keys = fc
  .oneof(
    fc.string({ minLength: 1, unit: "grapheme" }),
    fc.array(awkward, { minLength: 1 }).map((it) => it.join("")),
  )
  .filter((key) => key.length > 0 && Buffer.byteLength(key) <= 1_024);

/** The key of a path, as a walk through the folders finds it. */
function keyOf(path: string): string {
  const folders = dirname(path) === "." ? [] : dirname(path).split("/");
  const start = folders.map((name) => folderPiece(name)?.text).join("");
  return `${start}${filePiece(basename(path))}`;
}

describe("keyPath", () => {
  it("is readable", () => {
    expect(keyPath("uploads/2025/März 1.zip")).toBe("uploads%/2025%/März 1.zip");
    expect(keyPath("../.env")).toBe("%2E.%/%2Eenv");
    expect(keyPath("a/")).toBe("a%/%+");
  });

  it("gives every key a path of its own that leads back to it, within the folder and the limits", () => {
    fc.assert(
      fc.property(keys, (key) => {
        const path = keyPath(key);
        expect(normalize(path)).toBe(path);
        for (const name of path.split("/")) {
          expect(name).not.toMatch(/^(\.|$)/);
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
        }
        expect(Buffer.byteLength(path)).toBeLessThan(3_300);
        // Two keys with one path would have to be the same key.
        expect(keyOf(path)).toBe(key);
      }),
    );
  });

  it("makes no file where another key needs a folder", () => {
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        expect(keyPath(b).startsWith(`${keyPath(a)}/`)).toBe(false);
      }),
    );
  });
});
