import { describe, expect, it } from "vitest";
import type { ContainerEntry } from "./container.ts";
import { isFinderMetadata, memberList } from "./member-list.ts";

const entry = (path: string): ContainerEntry => ({
  path,
  storedBytes: 1,
  read: async () => new Uint8Array(0),
});

function list(...paths: readonly string[]) {
  const { wanted, passedOver } = memberList(paths.map(entry), (path) => {
    const [, stream = "", order = ""] = /(\w)(\w)\.tgz$/.exec(path) ?? [];
    return path.endsWith(".tgz") ? { stream, order } : undefined;
  });
  return {
    wanted: wanted.map(({ path }) => path),
    passedOver: passedOver.map(({ entry: { path }, outcome }) => `${outcome} ${path}`),
  };
}

describe("memberList", () => {
  it("sorts by stream, then order, then path", () => {
    expect(list("b1.tgz", "a2.tgz", "z/a1.tgz", "y/a1.tgz").wanted).toEqual([
      "y/a1.tgz",
      "z/a1.tgz",
      "a2.tgz",
      "b1.tgz",
    ]);
  });

  it("skips what is foreign, and calls an archive inside a loss", () => {
    expect(
      list("readme.txt", "in/ner.ZIP", "x.7z", "__MACOSX/._a1.tgz", "__MACOSX/x.zip", "a1.tgz"),
    ).toEqual({
      wanted: ["a1.tgz"],
      passedOver: [
        "skipped readme.txt",
        "failed in/ner.ZIP",
        "failed x.7z",
        "skipped __MACOSX/._a1.tgz",
        "skipped __MACOSX/x.zip",
      ],
    });
  });
});

describe("isFinderMetadata", () => {
  it.each(["__MACOSX/a.tgz", "a/__MACOSX/b/c.tgz", "._a.dat", "x/._a.tgz"])("knows %s", (path) => {
    expect(isFinderMetadata(path)).toBe(true);
  });

  it.each(["a.tgz", "x__MACOSX/a.tgz", "._folder/a.tgz", "a._b.tgz", "__MACOSX"])(
    "leaves %s alone",
    (path) => {
      expect(isFinderMetadata(path)).toBe(false);
    },
  );
});
