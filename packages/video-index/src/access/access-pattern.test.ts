import { describe, expect, it } from "vitest";
import { accessWatcher } from "./access-pattern.ts";

const after = (...frames: readonly number[]) => {
  const watcher = accessWatcher();
  return frames.map((frame) => watcher.observe(frame)).at(-1);
};

describe("accessWatcher", () => {
  it.each([
    [[4, 5, 6], 1],
    [[9, 8, 7], -1],
    [[0, 5, 10], 5],
    [[50, 3, 4, 5], 1],
    [[4, 5, 5, 5, 6], 1],
  ])("sees in %j a step of %d", (frames, stride) => {
    expect(after(...frames)).toEqual({ kind: "stride", stride });
  });

  it.each([[[]], [[7]], [[7, 8]], [[1, 9, 3]], [[4, 5, 6, 60]], [[0, 500, 1000]]])(
    "sees no pattern in %j",
    (frames) => {
      expect(after(...frames) ?? { kind: "random" }).toEqual({ kind: "random" });
    },
  );
});
