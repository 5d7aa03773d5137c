import { expect, test } from "vitest";
import { createAdmission } from "./admission.ts";

test("seats are given until all are taken, and again when one is given back", () => {
  const admission = createAdmission({ maxViewers: 2 });
  const first = admission.takeSeat();
  admission.takeSeat();
  expect(() => admission.takeSeat()).toThrow(/2 viewers are watching.*try again/);
  first();
  first();
  expect(admission.viewers).toBe(1);
  admission.takeSeat();
  expect(() => admission.takeSeat()).toThrow(expect.objectContaining({ retryable: true }));
});

test("turns are taken in order of coming, so many at once", async () => {
  const admission = createAdmission({ concurrentJoins: 2 });
  const order: string[] = [];
  const join = async (name: string): Promise<() => void> => {
    const end = await admission.takeTurn();
    order.push(name);
    return end;
  };
  const [one, two, three, four] = ["one", "two", "three", "four"].map(join);
  const endOne = await one;
  await two;
  expect(order).toEqual(["one", "two"]);
  endOne?.();
  endOne?.();
  await three;
  expect(order).toEqual(["one", "two", "three"]);
  (await two)?.();
  await four;
  expect(order).toEqual(["one", "two", "three", "four"]);
});

test("who gives up waiting leaves no turn taken, even when it is just being handed over", async () => {
  const admission = createAdmission({ concurrentJoins: 1, maxWaiting: 2 });
  const end = await admission.takeTurn();
  const leaving = new AbortController();
  const reason = new Error("gone");
  const early = admission.takeTurn(leaving.signal);
  leaving.abort(reason);
  await expect(early).rejects.toBe(reason);

  const late = new AbortController();
  const handed = admission.takeTurn(late.signal);
  end();
  late.abort(reason);
  // Whichever came first, the turn must be free again afterwards.
  await handed.then(
    (endHanded) => endHanded(),
    () => {},
  );
  (await admission.takeTurn())();
});

test("too many who wait are sent away", async () => {
  const admission = createAdmission({ concurrentJoins: 1, maxWaiting: 1 });
  await admission.takeTurn();
  void admission.takeTurn();
  await expect(admission.takeTurn()).rejects.toThrow(/1 viewers are waiting/);
});

test.each([0, -1, 1.5, Number.NaN])("%s is no limit", (maxViewers) => {
  expect(() => createAdmission({ maxViewers })).toThrow(/maxViewers is/);
});
