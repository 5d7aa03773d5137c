import type { Watermark } from "@millrace/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Ledger, type SentBody } from "./ledger.ts";

/** Steps of a run: a body with so many more items is sent, the k-th open one is answered, time passes, a flush. */
const step = fc.oneof(
  fc.record({ do: fc.constant("send" as const), items: fc.nat({ max: 3 }) }),
  fc.record({ do: fc.constant("answer" as const), which: fc.nat() }),
  fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 2_000 }) }),
  fc.record({ do: fc.constant("flush" as const), ageMs: fc.nat({ max: 3_000 }) }),
);

describe("Ledger", () => {
  it("keeps its marks true and in order, whatever the order of the answers", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const ledger = new Ledger();
        const marks: Watermark[] = [];
        ledger.watermark$.subscribe((mark) => marks.push(mark));
        const sent: { body: SentBody; items: number; answeredMs: number | undefined }[] = [];
        let items = 0;
        let nowMs = 0;
        const answer = (entry: (typeof sent)[number]): void => {
          entry.answeredMs = nowMs;
          ledger.answered(entry.body, nowMs);
        };
        /** Items whose bodies, and all before them, were answered by `atMs`. */
        const acceptedAt = (atMs: number): number => {
          let accepted = 0;
          for (const entry of sent) {
            if (entry.answeredMs === undefined || entry.answeredMs > atMs) break;
            accepted = entry.items;
          }
          return accepted;
        };
        for (const one of steps) {
          if (one.do === "pass") nowMs += one.ms;
          else if (one.do === "send") {
            items += one.items;
            sent.push({ body: ledger.sent(items, one.items * 10), items, answeredMs: undefined });
          } else if (one.do === "answer") {
            const open = sent.filter((entry) => entry.answeredMs === undefined);
            const entry = open[one.which % Math.max(1, open.length)];
            if (entry !== undefined) answer(entry);
          } else {
            const before = ledger.durable;
            const vouched = ledger.acceptedSamplesAt(nowMs - one.ageMs);
            ledger.flushedUntil(nowMs - one.ageMs);
            expect(vouched).toBe(ledger.durable > before ? 10 * ledger.durable : vouched);
            expect(ledger.durable).toBeLessThanOrEqual(
              Math.max(before, acceptedAt(nowMs - one.ageMs)),
            );
          }
          expect(ledger.accepted).toBe(acceptedAt(nowMs));
          expect(ledger.acceptedSamples).toBe(10 * ledger.accepted);
        }
        for (const entry of sent) if (entry.answeredMs === undefined) answer(entry);
        expect(ledger.accepted).toBe(items);
        ledger.flushedUntil(nowMs);
        expect(ledger.durable).toBe(items);
        for (const [i, mark] of marks.entries()) {
          expect(mark.durable).toBeLessThanOrEqual(mark.accepted);
          expect(mark.accepted).toBeGreaterThanOrEqual(marks[i - 1]?.accepted ?? 0);
          expect(mark.durable).toBeGreaterThanOrEqual(marks[i - 1]?.durable ?? 0);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("lets the durable mark follow a stream of quick answers", () => {
    const ledger = new Ledger();
    for (let i = 1; i <= 100; i++) ledger.answered(ledger.sent(i, 10), i * 50);
    ledger.flushedUntil(2_500);
    // Marks are a tick apart, so it may be a little behind, and never ahead.
    expect(ledger.durable).toBeLessThanOrEqual(50);
    expect(ledger.durable).toBeGreaterThanOrEqual(40);
    ledger.flushedUntil(5_000);
    expect(ledger.durable).toBe(100);
  });

  it("knows the last item of two answers within a tick", () => {
    const ledger = new Ledger();
    ledger.answered(ledger.sent(1, 10), 0);
    ledger.answered(ledger.sent(2, 10), 10);
    ledger.answered(ledger.sent(3, 10), 20);
    ledger.flushedUntil(20);
    expect(ledger.durable).toBe(3);
  });

  it("says its marks to a late subscriber and completes", () => {
    const ledger = new Ledger();
    ledger.answered(ledger.sent(2, 10), 0);
    ledger.allDurable();
    const marks: Watermark[] = [];
    let completed = false;
    ledger.watermark$.subscribe({
      next: (mark) => marks.push(mark),
      complete: () => {
        completed = true;
      },
    });
    ledger.complete();
    expect(marks).toEqual([{ accepted: 2, durable: 2 }]);
    expect(completed).toBe(true);
  });
});
