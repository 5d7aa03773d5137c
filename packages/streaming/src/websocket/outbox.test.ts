import { expect, test } from "vitest";
import { createOutbox } from "./outbox.ts";

test("gives up the oldest, and hands out a bounded piece in order", () => {
  const outbox = createOutbox();
  for (let at = 0; at < 150; at++) outbox.put(`${at}`);
  const taken = outbox.take();
  expect(taken.length).toBe(100);
  expect(taken[0]).toBe("50");
  expect(outbox.isEmpty).toBe(true);
  for (let at = 0; at < 10; at++) outbox.put("x".repeat(60_000));
  expect(outbox.take()).toHaveLength(1);
  expect([...Array(5)].map(() => outbox.take().length)).toEqual([1, 1, 1, 0, 0]);
});
