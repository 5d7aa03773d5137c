import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRateController } from "./create-rate-controller.ts";
import type { RateController } from "./rate-controller.ts";

/** Sends at a rate over a road with a queue, and tells the controller of it every 50 ms. */
function drive(
  controller: RateController,
  options: {
    readonly fromMs: number;
    readonly untilMs: number;
    readonly bitrate: () => number;
    readonly carries: number;
    readonly delayMs?: number;
    readonly loses?: (number: number) => boolean;
    readonly firstNumber?: number;
    /** Frames come so far apart, and their packets at once. */
    readonly frameMs?: number;
  },
): number {
  const { fromMs, untilMs, bitrate, carries, delayMs = 10, loses = () => false } = options;
  const { frameMs = 5 } = options;
  let number = options.firstNumber ?? 0;
  let freeAtMs = fromMs;
  let told: { number: number; receivedMs: number | null }[] = [];
  let credit = 0;
  for (let atMs = fromMs; atMs < untilMs; atMs += 5) {
    credit += (bitrate() * 5) / 1_000;
    while (credit >= 8_000 && (atMs - fromMs) % frameMs === 0) {
      credit -= 8_000;
      controller.onSent({ transportSequenceNumber: number & 0xffff, sizeBytes: 1_000, atMs });
      freeAtMs = Math.max(freeAtMs, atMs) + (8_000 * 1_000) / carries;
      told.push({ number, receivedMs: loses(number) ? null : freeAtMs + delayMs });
      number += 1;
    }
    if ((atMs - fromMs) % 50 !== 0) continue;
    const due = told.filter(({ receivedMs }) => receivedMs === null || receivedMs <= atMs);
    told = told.filter((packet) => !due.includes(packet));
    controller.onFeedback(
      {
        packets: due.map((packet) => ({
          transportSequenceNumber: packet.number & 0xffff,
          receivedAtUs: packet.receivedMs === null ? null : packet.receivedMs * 1_000 + 5e9,
        })),
      },
      atMs + delayMs,
    );
    controller.onTick(atMs + delayMs);
  }
  return number;
}

describe("a rate controller", () => {
  it("rises to its highest on a wide road", () => {
    const controller = createRateController({ maxBitrate: 2_000_000 });
    const bitrate = (): number => controller.read().targetBitrate;
    drive(controller, { fromMs: 0, untilMs: 6_000, bitrate, carries: 1e8 });
    expect(bitrate()).toBe(2_000_000);
    expect(controller.read()).toMatchObject({ lossRatio: 0, isCongested: false });
  });

  it("comes down to what a narrow road carries, and its queue is short then", () => {
    const controller = createRateController({ startBitrate: 2_000_000 });
    const bitrate = (): number => controller.read().targetBitrate;
    drive(controller, { fromMs: 0, untilMs: 8_000, bitrate, carries: 600_000 });
    expect(bitrate()).toBeGreaterThan(300_000);
    expect(bitrate()).toBeLessThan(700_000);
    expect(controller.read().queueMs).toBeLessThan(80);
  });

  it("does not run past the end that trains of packets tell of, while its encoder follows late", () => {
    const controller = createRateController({ maxBitrate: 2_500_000 });
    const targets: number[] = [];
    const bitrate = (): number => {
      targets.push(controller.read().targetBitrate);
      // By 300 ms; it is asked every 5.
      return targets.at(-60) ?? 1_000_000;
    };
    drive(controller, { fromMs: 0, untilMs: 6_000, bitrate, carries: 1_600_000, frameMs: 35 });
    expect(Math.max(...targets)).toBeGreaterThan(1_500_000);
    expect(Math.max(...targets)).toBeLessThan(1_600_000 * 1.1);
  });

  it("does not take lost packets for a queue", () => {
    const controller = createRateController({ maxBitrate: 2_000_000 });
    const bitrate = (): number => controller.read().targetBitrate;
    const loses = (number: number): boolean => number % 11 === 0;
    drive(controller, { fromMs: 0, untilMs: 8_000, bitrate, carries: 1e8, loses });
    expect(controller.read().lossRatio).toBeCloseTo(1 / 11, 1);
    expect(bitrate()).toBe(2_000_000);
  });

  it("sends less where a third is lost", () => {
    const controller = createRateController({ startBitrate: 2_000_000 });
    const bitrate = (): number => controller.read().targetBitrate;
    const loses = (number: number): boolean => number % 3 === 0;
    drive(controller, { fromMs: 0, untilMs: 8_000, bitrate, carries: 1e8, loses });
    expect(bitrate()).toBeLessThan(1_000_000);
  });

  it("gets used to a road that has become longer", () => {
    const controller = createRateController({ maxBitrate: 2_000_000 });
    const bitrate = (): number => controller.read().targetBitrate;
    const carries = 1e8;
    const firstNumber = drive(controller, { fromMs: 0, untilMs: 5_000, bitrate, carries });
    const rest = { firstNumber, delayMs: 130, bitrate, carries };
    drive(controller, { ...rest, fromMs: 5_000, untilMs: 15_000 });
    expect(controller.read().queueMs).toBeLessThan(20);
    expect(bitrate()).toBe(2_000_000);
  });

  it("sends less and less into silence, and comes back when it is over", () => {
    const controller = createRateController({ startBitrate: 2_000_000 });
    const bitrate = (): number => controller.read().targetBitrate;
    const carries = 1e8;
    const firstNumber = drive(controller, { fromMs: 0, untilMs: 2_000, bitrate, carries });
    const before = bitrate();
    for (let atMs = 2_000; atMs < 6_000; atMs += 100) {
      controller.onSent({ transportSequenceNumber: firstNumber + 1, sizeBytes: 100, atMs });
      controller.onTick(atMs);
    }
    expect(controller.read().isCongested).toBe(true);
    expect(bitrate()).toBeLessThan(before / 2);
    const rest = { firstNumber: firstNumber + 2, bitrate, carries };
    drive(controller, { ...rest, fromMs: 6_000, untilMs: 12_000 });
    expect(controller.read().isCongested).toBe(false);
    expect(bitrate()).toBeGreaterThan(before * 0.9);
  });

  it("goes by what a viewer reckons where packets are not told of", () => {
    const controller = createRateController();
    controller.onBitrateEstimate(700_000, 0);
    expect(controller.read().targetBitrate).toBe(700_000);
    controller.onReceiverReport({ lossRatio: 0.4, rttMs: 30 }, 100);
    expect(controller.read().targetBitrate).toBeCloseTo(560_000);
    expect(controller.read()).toMatchObject({ rttMs: 30, lossRatio: 0.4 });
    controller.onReceiverReport({ lossRatio: 0, rttMs: null }, 200);
    expect(controller.read().targetBitrate).toBeCloseTo(588_000);
    expect(controller.read().rttMs).toBe(30);
  });

  it("hears packets of numbers that go round", () => {
    const controller = createRateController({ startBitrate: 500_000 });
    const bitrate = (): number => 500_000;
    const firstNumber = 65_500;
    drive(controller, { fromMs: 0, untilMs: 3_000, bitrate, carries: 1e8, firstNumber });
    expect(controller.read().lossRatio).toBe(0);
    expect(Math.abs(controller.read().ackedBitrate - 500_000)).toBeLessThan(50_000);
  });

  it("hears a feedback that comes twice once", () => {
    const [once, twice] = [createRateController(), createRateController()];
    for (let number = 0; number < 200; number++) {
      const packet = { transportSequenceNumber: number, sizeBytes: 1_000, atMs: number * 5 };
      for (const controller of [once, twice]) controller.onSent(packet);
      if (number % 10 !== 9) continue;
      const packets = Array.from({ length: 10 }, (_, i) => ({
        transportSequenceNumber: number - 9 + i,
        receivedAtUs: (number - 9 + i) * 5_000 + 1_000,
      }));
      once.onFeedback({ packets }, number * 5 + 30);
      twice.onFeedback({ packets }, number * 5 + 30);
      twice.onFeedback({ packets }, number * 5 + 31);
    }
    expect(twice.read()).toEqual(once.read());
  });

  it("stays within its bounds and says numbers, whatever it is told", () => {
    const time = fc.integer({ min: 0, max: 20_000 });
    const number = fc.integer({ min: 0, max: 65_535 });
    const share = fc.double({ min: -1, max: 2 });
    const event = fc.oneof(
      fc.record({
        kind: fc.constant("sent" as const),
        number: fc.oneof(fc.integer({ min: 0, max: 50 }), number),
        sizeBytes: fc.integer({ min: 0, max: 1_500 }),
        atMs: time,
      }),
      fc.record({
        kind: fc.constant("feedback" as const),
        packets: fc.array(
          fc.record({
            transportSequenceNumber: fc.oneof(fc.integer({ min: 0, max: 50 }), number),
            receivedAtUs: fc.option(fc.integer({ min: 0, max: 2 ** 40 })),
          }),
          { maxLength: 60 },
        ),
        atMs: time,
      }),
      fc.record({
        kind: fc.constant("report" as const),
        share,
        rttMs: fc.option(time),
        atMs: time,
      }),
      fc.record({ kind: fc.constant("estimate" as const), bitrate: fc.double(), atMs: time }),
      fc.record({ kind: fc.constant("tick" as const), atMs: time }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120 }), (events) => {
        const controller = createRateController({ minBitrate: 80_000, maxBitrate: 3_000_000 });
        for (const told of events) {
          if (told.kind === "sent") {
            controller.onSent({ ...told, transportSequenceNumber: told.number });
          } else if (told.kind === "feedback") controller.onFeedback(told, told.atMs);
          else if (told.kind === "report") {
            controller.onReceiverReport({ lossRatio: told.share, rttMs: told.rttMs }, told.atMs);
          } else if (told.kind === "estimate") {
            controller.onBitrateEstimate(told.bitrate, told.atMs);
          } else controller.onTick(told.atMs);
          const { targetBitrate, queueMs, lossRatio, rttMs, ackedBitrate } = controller.read();
          expect(targetBitrate).toBeGreaterThanOrEqual(80_000);
          expect(targetBitrate).toBeLessThanOrEqual(3_000_000);
          expect(queueMs).toBeGreaterThanOrEqual(0);
          expect(queueMs).toBeLessThan(Number.POSITIVE_INFINITY);
          expect(lossRatio).toBeGreaterThanOrEqual(0);
          expect(lossRatio).toBeLessThanOrEqual(1);
          expect(rttMs ?? 0).toBeGreaterThanOrEqual(0);
          expect(ackedBitrate).toBeGreaterThanOrEqual(0);
          expect(Number.isFinite(ackedBitrate)).toBe(true);
        }
      }),
    );
  });

  it("takes no silence for news while the process itself stood still", () => {
    const [standing, running] = [createRateController(), createRateController()];
    for (const controller of [standing, running]) {
      const bitrate = (): number => controller.read().targetBitrate;
      drive(controller, { fromMs: 0, untilMs: 3_000, bitrate, carries: 1e8 });
      controller.onSent({ transportSequenceNumber: 60_000, sizeBytes: 1_000, atMs: 3_000 });
    }
    standing.onStandstill(1_900, 5_000);
    for (const controller of [standing, running]) controller.onTick(5_000);
    expect(standing.read().isCongested).toBe(false);
    expect(running.read().isCongested).toBe(true);
  });
});
