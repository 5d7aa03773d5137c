import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EncodedFrame } from "../hub/encoded-frame.ts";
import { createAckWindow } from "./ack-window.ts";
import { createFrameSender } from "./frame-sender.ts";

const frame = (sequence: number, isKey: boolean): EncodedFrame => ({
  sequence,
  timestamp: sequence,
  capturedAtMs: 0,
  isKey,
  width: 2,
  height: 2,
  data: new Uint8Array(1),
});

/** A viewer of which one can say when it takes and acknowledges frames. */
function viewer(isStill: boolean, size: number) {
  const window = createAckWindow(size);
  const sent: EncodedFrame[] = [];
  const state = { isFree: true, dropped: 0, keysAsked: 0 };
  const sender = createFrameSender({
    isStill,
    canSend: () => state.isFree && !window.isFull,
    transmit(frame) {
      window.sent({ ...frame, sentMs: 0 });
      sent.push(frame);
    },
    dropped: () => state.dropped++,
    requestKeyFrame: () => state.keysAsked++,
  });
  const acknowledge = (sequence: number) => {
    const answer = window.acknowledge(sequence);
    sender.poll();
    return answer;
  };
  return { window, sent, state, sender, acknowledge };
}
const numbers = (sent: readonly EncodedFrame[]): number[] => sent.map(({ sequence }) => sequence);

test("a viewer that never acknowledges gets no more than its window", () => {
  for (const isStill of [true, false]) {
    const { sender, sent } = viewer(isStill, 3);
    for (let at = 0; at < 100; at++) sender.put(frame(at, at % 10 === 0));
    expect(numbers(sent)).toEqual([0, 1, 2]);
  }
});

test("of pictures the newest waits", () => {
  const { sender, sent, state, acknowledge } = viewer(true, 2);
  for (let at = 0; at < 10; at++) sender.put(frame(at, true));
  acknowledge(0);
  expect(numbers(sent)).toEqual([0, 1, 9]);
  expect(state.dropped).toBe(7);
});

test("of chunks the next one waits, and what is left out behind it ends at a key frame", () => {
  const { sender, sent, state, acknowledge } = viewer(false, 2);
  sender.put(frame(0, true));
  for (let at = 1; at < 6; at++) sender.put(frame(at, false));
  expect(state.keysAsked).toBe(0);
  acknowledge(1);
  expect(numbers(sent)).toEqual([0, 1, 2]);
  // The road is free again: only now is a key frame asked for, and only once.
  expect(state.keysAsked).toBe(1);
  sender.put(frame(6, false));
  expect(numbers(sent)).toEqual([0, 1, 2]);
  sender.put(frame(7, true));
  sender.put(frame(8, false));
  acknowledge(7);
  expect(numbers(sent)).toEqual([0, 1, 2, 7, 8]);
  expect(state.keysAsked).toBe(1);
});

test("what was acknowledged and never sent are told apart", () => {
  const { sender, acknowledge } = viewer(true, 4);
  expect(acknowledge(0)).toBe("never-sent");
  for (let at = 5; at < 8; at++) sender.put(frame(at, true));
  expect(acknowledge(6)).toMatchObject({ sequence: 6 });
  expect(acknowledge(5)).toBe("known");
  expect(acknowledge(6)).toBe("known");
  expect(acknowledge(8)).toBe("never-sent");
});

describe.each([true, false])("whatever comes (pictures: %s)", (isStill) => {
  test("frames go in order, within the window, and can be decoded", () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constant("delta" as const) },
      fc.constantFrom(
        "key" as const,
        "ack" as const,
        "ack" as const,
        "block" as const,
        "free" as const,
      ),
    );
    const property = fc.property(
      fc.array(step, { maxLength: 120 }),
      fc.integer({ min: 1, max: 5 }),
      (steps, size) => {
        const { sender, sent, state, acknowledge, window } = viewer(isStill, size);
        let next = 0;
        let acked = 0;
        let isKeyDue = false;
        for (const step of steps) {
          if (step === "ack" && acked < sent.length) {
            acknowledge(sent[acked++]?.sequence ?? 0);
          } else if (step === "block" || step === "free") {
            state.isFree = step === "free";
            sender.poll();
          } else if (step === "key" || step === "delta") {
            // An encoder answers what it was asked for.
            isKeyDue = state.keysAsked > 0;
            if (isKeyDue) state.keysAsked = 0;
            sender.put(frame(next++, isStill || step === "key" || isKeyDue));
          }
          expect(sent.length - acked).toBeLessThanOrEqual(size);
          expect(window.isFull).toBe(sent.length - acked >= size);
        }
        const order = numbers(sent);
        expect(order).toEqual([...new Set(order)].sort((one, other) => one - other));
        for (const [at, { isKey, sequence }] of sent.entries()) {
          if (!isKey) expect(sent[at - 1]?.sequence).toBe(sequence - 1);
        }
        expect(sent.length + state.dropped + (sender.isWaiting ? 1 : 0)).toBe(next);
      },
    );
    fc.assert(property, { numRuns: 300 });
  });
});
