import { describe, expect, it } from "vitest";
import { createRetransmitter, type RoadSituation } from "./retransmitter.ts";

const road = (atMs: number, more: Partial<RoadSituation> = {}): RoadSituation => ({
  atMs,
  targetBitrate: 1_000_000,
  rttMs: 40,
  lossRatio: 0.01,
  isCongested: false,
  ...more,
});

/** A retransmitter that has sent packets, one a millisecond. */
function sentOff(packets: number, first = 0) {
  const resent: number[] = [];
  let transport = packets;
  const retransmitter = createRetransmitter({
    repeat: (resend) => void resend(nowMs),
    resend(sequenceNumber) {
      resent.push(sequenceNumber);
      return { sequenceNumber, transportSequenceNumber: transport++, sizeBytes: 1_000 };
    },
  });
  let nowMs = 0;
  for (let i = 0; i < packets; i++) {
    const numbers = { sequenceNumber: (first + i) & 0xffff, transportSequenceNumber: i };
    retransmitter.onSent({ ...numbers, sizeBytes: 1_000 }, i);
    nowMs = i;
  }
  const lost = (number: number) => ({
    packets: [{ transportSequenceNumber: number, receivedAtUs: null }],
  });
  const came = (number: number) => ({
    packets: [{ transportSequenceNumber: number, receivedAtUs: 1_000_000 }],
  });
  return { retransmitter, resent, lost, came };
}

describe("a retransmitter", () => {
  it("sends again what is missing, and asked again before it can have come, not yet", () => {
    const { retransmitter, resent } = sentOff(100);
    retransmitter.onNack([90, 91], road(110));
    retransmitter.onNack([90, 91], road(130));
    expect(resent).toEqual([90, 91]);
    retransmitter.onNack([91], road(155));
    expect(resent).toEqual([90, 91, 91]);
    expect(retransmitter.repeated).toBe(3);
  });

  it("takes no longer for what is asked for over and over", () => {
    const { retransmitter } = sentOff(100);
    const many = Array.from({ length: 6_000 }, (_, number) => number % 100);
    // Were all questions looked at for each of them, this would not end within the time of a test.
    for (let time = 0; time < 60; time++) retransmitter.onNack(many, road(110));
    expect(retransmitter.isBroken).toBe(true);
  });

  it("needs no question where it was told that a packet did not come, repetitions included", () => {
    const { retransmitter, resent, lost, came } = sentOff(100);
    retransmitter.onFeedback(lost(95), road(110));
    expect(resent).toEqual([95]);
    retransmitter.onFeedback(lost(95), road(200));
    expect(resent).toEqual([95]);
    // Some viewers tell nothing of repetitions; one that did tell of one is believed.
    retransmitter.onFeedback(lost(100), road(120));
    expect(resent).toEqual([95]);
    retransmitter.onNack([96], road(125));
    retransmitter.onFeedback(came(101), road(170));
    retransmitter.onNack([97], road(175));
    retransmitter.onFeedback(lost(102), road(220));
    expect(resent).toEqual([95, 96, 97, 97]);
  });

  it("knows packets of numbers that go round, and no others", () => {
    const { retransmitter, resent } = sentOff(2_000, 65_000);
    retransmitter.onNack([65_001, 65_535, 400, 2_000, 40_000], road(2_010));
    expect(resent).toEqual([]);
    retransmitter.onNack([1_460, 1_463], road(2_010));
    expect(resent).toEqual([1_460, 1_463]);
  });

  it("sends a repetition twice where many are lost on a long road", () => {
    const { retransmitter, resent } = sentOff(100);
    retransmitter.onNack([90], road(110, { lossRatio: 0.06, rttMs: 90 }));
    expect(resent).toEqual([90, 90]);
  });

  it("spends a quarter of the road at most", () => {
    const { retransmitter, resent } = sentOff(500);
    const numbers = Array.from({ length: 400 }, (_, i) => 100 + i);
    for (let atMs = 500; atMs < 900; atMs += 10) {
      retransmitter.onNack(numbers.slice((atMs - 500) / 10, (atMs - 490) / 10), road(atMs));
    }
    expect(resent.length).toBeGreaterThan(20);
    expect(resent.length).toBeLessThanOrEqual(31);
    expect(retransmitter.repeatedBitrate(900)).toBeLessThanOrEqual(250_000);
  });

  it("gives up while the road is congested, until a key frame", () => {
    const { retransmitter, resent } = sentOff(100);
    retransmitter.onNack([90], road(110, { isCongested: true }));
    expect(resent).toEqual([]);
    expect(retransmitter.isBroken).toBe(true);
    retransmitter.onSent({ sequenceNumber: 100, transportSequenceNumber: 900, sizeBytes: 9 }, 200);
    retransmitter.onKeyFrame(100);
    expect(retransmitter.isBroken).toBe(false);
    retransmitter.onNack([90], road(210));
    expect([retransmitter.isBroken, resent]).toEqual([false, []]);
  });

  it("gives up what is too old and what is too much", () => {
    const old = sentOff(100).retransmitter;
    old.onNack([10], road(2_000));
    expect(old.isBroken).toBe(true);
    const much = sentOff(200).retransmitter;
    much.onNack(
      Array.from({ length: 100 }, (_, i) => 50 + i),
      road(210),
    );
    expect(much.isBroken).toBe(true);
  });
});
