import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Acknowledgement } from "./acknowledgement.ts";
import type { OriginShare } from "./origin.ts";
import type { OriginReadEvent, RunEvent } from "./run-event.ts";

const read = (
  origin: string,
  count: number,
  outcome: OriginReadEvent["outcome"] = "ok",
): OriginReadEvent => ({
  type: "origin-read",
  origin,
  outcome,
  count,
  filtered: 0,
  problems: [],
});

/** What the ledger still holds; it may hold nothing once all is settled. */
function ledger(tracksDurable: boolean) {
  const events: RunEvent[] = [];
  const acknowledgement = new Acknowledgement((event) => events.push(event), tracksDurable);
  return { events, acknowledgement };
}

describe("Acknowledgement", () => {
  it("says accepted and durable once all shares of an origin are", () => {
    const { events, acknowledgement } = ledger(true);
    acknowledgement.wrote({ origins: [{ origin: "a", count: 2 }] });
    acknowledgement.wrote({
      origins: [
        { origin: "a", count: 1 },
        { origin: "b", count: 4 },
      ],
    });
    acknowledgement.originRead(read("a", 3));
    acknowledgement.originRead(read("b", 4));
    acknowledgement.advance(1, 0);
    expect(events).toEqual([]);
    acknowledgement.advance(2, 1);
    expect(events).toEqual([
      { type: "origin-accept", origin: "a", count: 3 },
      { type: "origin-accept", origin: "b", count: 4 },
    ]);
    events.length = 0;
    acknowledgement.advance(2, 2);
    expect(events).toEqual([
      { type: "origin-durable", origin: "a", count: 3 },
      { type: "origin-durable", origin: "b", count: 4 },
    ]);
    expect(acknowledgement).toMatchObject({ written: 7, accepted: 7, durable: 7 });
  });

  it("waits for the end of reading even when all was accepted before", () => {
    const { events, acknowledgement } = ledger(false);
    acknowledgement.wrote({ origins: [{ origin: "a", count: 2 }] });
    acknowledgement.advance(1, 0);
    expect(events).toEqual([]);
    acknowledgement.originRead(read("a", 2, "partial"));
    expect(events).toEqual([{ type: "origin-accept", origin: "a", count: 2 }]);
  });

  it("says nothing of origins that failed or were skipped", () => {
    const { events, acknowledgement } = ledger(true);
    acknowledgement.originRead(read("a", 0, "failed"));
    acknowledgement.originRead(read("b", 0, "skipped"));
    expect(events).toEqual([]);
  });

  it("accepts an origin that delivers nothing as soon as it was read", () => {
    const { events, acknowledgement } = ledger(true);
    acknowledgement.originRead(read("empty", 0));
    expect(events.map(({ type }) => type)).toEqual(["origin-accept", "origin-durable"]);
  });

  it("ignores a watermark that goes back or beyond what was written", () => {
    const { acknowledgement } = ledger(true);
    for (const item of ["x", "y", "z"]) acknowledgement.wrote(item);
    acknowledgement.advance(2, 1);
    acknowledgement.advance(1, 0);
    expect(acknowledgement).toMatchObject({ acceptedItems: 2, durableItems: 1, accepted: 2 });
    acknowledgement.advance(99, 99);
    expect(acknowledgement).toMatchObject({ acceptedItems: 3, durableItems: 3, durable: 3 });
  });

  it("counts each item once when an event makes the sink move on", () => {
    const events: RunEvent[] = [];
    const acknowledgement: Acknowledgement = new Acknowledgement((event) => {
      events.push(event);
      acknowledgement.advance(3, 3);
    }, true);
    for (const origin of ["a", "b", "c"]) {
      acknowledgement.wrote({ origins: [{ origin, count: 1 }] });
      acknowledgement.originRead(read(origin, 1));
    }
    acknowledgement.advance(1, 1);
    expect(acknowledgement).toMatchObject({ accepted: 3, durable: 3 });
    expect(events).toHaveLength(6);
  });

  it.each([true, false])("says each origin exactly once, in time (durable: %s)", (durable) => {
    const share = fc.record({ origin: fc.integer({ min: 0, max: 5 }), count: fc.nat(3) });
    const items = fc.array(fc.array(share, { maxLength: 4 }), { maxLength: 30 });
    fc.assert(
      fc.property(items, fc.infiniteStream(fc.nat()), (contents, random) => {
        const draw = (below: number): number => (random.next().value as number) % below;
        const owed = new Map<string, number>();
        const given = { accept: new Map<string, number>(), durable: new Map<string, number>() };
        const said = new Set<string>();
        const wasRead = new Set<string>();
        const acknowledgement = new Acknowledgement((event) => {
          if (event.type !== "origin-accept" && event.type !== "origin-durable") return;
          const { type, origin, count } = event;
          expect(said, "said once").not.toContain(`${type} ${origin}`);
          said.add(`${type} ${origin}`);
          expect(wasRead, `${type} after the origin was read`).toContain(origin);
          expect(count).toBe(owed.get(origin));
          if (type === "origin-durable") expect(said).toContain(`origin-accept ${origin}`);
          const part = type === "origin-accept" ? given.accept : given.durable;
          expect(part.get(origin) ?? 0, `${type} of all shares`).toBe(count);
        }, durable);

        const shares = contents.map((parts): OriginShare[] =>
          parts.map(({ origin, count }) => ({ origin: `o${origin}`, count })),
        );
        for (const { origin, count } of shares.flat()) {
          owed.set(origin, (owed.get(origin) ?? 0) + count);
        }
        // What the sink has is told to the model before the ledger, which speaks while it advances.
        const have = { written: 0, accept: 0, durable: 0 };
        const credit = (part: "accept" | "durable", to: number): void => {
          for (; have[part] < to; have[part]++) {
            for (const { origin, count } of shares[have[part]] ?? []) {
              given[part].set(origin, (given[part].get(origin) ?? 0) + count);
            }
          }
        };
        const advance = (accepted: number, durableTo: number): void => {
          credit("accept", accepted);
          credit("durable", durable ? durableTo : 0);
          acknowledgement.advance(accepted, durable ? durableTo : 0);
        };
        const unread = [...owed.keys()];
        while (have.written < shares.length || unread.length > 0) {
          const action = draw(3);
          if (action === 0 && have.written < shares.length) {
            acknowledgement.wrote({ origins: shares[have.written] });
            have.written += 1;
          } else if (action === 1 && unread.length > 0) {
            const [origin = ""] = unread.splice(draw(unread.length), 1);
            wasRead.add(origin);
            acknowledgement.originRead(read(origin, owed.get(origin) ?? 0));
          } else {
            const accepted = have.accept + draw(have.written - have.accept + 1);
            advance(accepted, have.durable + draw(accepted - have.durable + 1));
          }
        }
        advance(shares.length, shares.length);

        const expected = durable ? ["origin-accept", "origin-durable"] : ["origin-accept"];
        for (const origin of owed.keys()) {
          for (const type of expected) expect(said).toContain(`${type} ${origin}`);
        }
        expect(said.size).toBe(owed.size * expected.length);
        expect(acknowledgement.inFlight).toEqual({ items: 0, origins: 0 });
      }),
    );
  });
});
