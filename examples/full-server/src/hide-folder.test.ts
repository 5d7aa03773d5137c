import { describe, expect, it } from "vitest";
import { hideFolder } from "./hide-folder.ts";

describe("a message to a caller", () => {
  it.each([
    [
      "The object store /srv/data/objects fails: ENOSPC.",
      "The object store objects fails: ENOSPC.",
    ],
    ["Cannot write to /srv/data.", "Cannot write to the data folder."],
    ["Nothing to hide.", "Nothing to hide."],
  ])("%s", (text, shown) => {
    expect(hideFolder(text, "/srv/data")).toBe(shown);
  });
});
