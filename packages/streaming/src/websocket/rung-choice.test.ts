import { expect, test } from "vitest";
import { createRungChoice } from "./rung-choice.ts";

/** Notes frames of 30 a second, of which the window finds a share full. */
function play(
  choice: ReturnType<typeof createRungChoice>,
  fromMs: number,
  seconds: number,
  share: number,
) {
  let rungs = `${choice.rung}`;
  for (let at = 0; at < seconds * 30; at++) {
    choice.note((at * share) % 1 >= 1 - share && share > 0, fromMs + (at * 1_000) / 30);
    if (rungs.at(-1) !== `${choice.rung}`) rungs += choice.rung;
  }
  return rungs;
}

test("a road that is full goes down step by step, and not below the last", () => {
  const choice = createRungChoice(3);
  expect(play(choice, 0, 10, 1)).toBe("012");
});

test("a road that is full now and then stays", () => {
  const choice = createRungChoice(3);
  expect(play(choice, 0, 30, 0.1)).toBe("0");
});

test("a free road goes up after a while, and later again after each attempt that failed", () => {
  const choice = createRungChoice(2, 1);
  const ups: number[] = [];
  let lastUpMs = 0;
  for (let atMs = 0; atMs < 200_000; atMs += 33) {
    const before = choice.rung;
    // Rung 0 is too much for this road, rung 1 is not.
    choice.note(before === 0, atMs);
    if (choice.rung < before) {
      ups.push(atMs - lastUpMs);
      lastUpMs = atMs;
    }
  }
  expect(ups.length).toBeGreaterThan(3);
  expect(ups.length).toBeLessThan(8);
  expect(ups.slice(1).every((wait, at) => wait >= (ups[at] ?? 0))).toBe(true);
});

test("with one rung there is nothing to choose", () => {
  expect(play(createRungChoice(1), 0, 10, 1)).toBe("0");
});
