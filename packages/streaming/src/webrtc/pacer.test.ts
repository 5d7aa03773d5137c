import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPacer } from "./pacer.ts";

interface TestPacket {
  readonly frame: number;
  readonly at: number;
  readonly last: boolean;
}

/** A pacer whose time is given by hand. */
function pacerByHand(sizeBytes = 1_000) {
  const sent: TestPacket[] = [];
  const works = new Set<() => void>();
  let [nowMs, dropped] = [0, 0];
  const pacer = createPacer<TestPacket>({
    now: () => nowMs,
    sizeOf: () => sizeBytes,
    send(packet) {
      sent.push(packet);
      return sizeBytes;
    },
    dropped(frames) {
      dropped += frames;
    },
    ticks: {
      start(work) {
        works.add(work);
        return () => works.delete(work);
      },
    },
  });
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 5) {
      nowMs += 5;
      for (const work of works) work();
    }
  };
  const frameOf = (frame: number, packets: number): TestPacket[] =>
    Array.from({ length: packets }, (_, at) => ({ frame, at, last: at === packets - 1 }));
  return { pacer, sent, pass, frameOf, works, dropped: () => dropped };
}

describe("a pacer", () => {
  it("sends a frame of usual size at once, without a timer", () => {
    const { pacer, sent, frameOf, works } = pacerByHand();
    pacer.setBitrate(1_000_000, 0);
    pacer.sendFrame(frameOf(0, 4), true);
    expect(sent).toHaveLength(4);
    expect(works.size).toBe(0);
  });

  it("spreads a key frame, and is idle when it is out", () => {
    const { pacer, sent, frameOf, pass, works } = pacerByHand();
    pacer.setBitrate(1_000_000, 0);
    pacer.sendFrame(frameOf(0, 32), true);
    expect(sent.length).toBeGreaterThan(4);
    expect(sent.length).toBeLessThan(12);
    expect(pacer.queuedMs).toBeGreaterThan(50);
    pass(50);
    expect(sent.length).toBeGreaterThan(15);
    expect(sent.length).toBeLessThan(32);
    pass(150);
    expect(sent.map(({ at }) => at)).toEqual(Array.from({ length: 32 }, (_, at) => at));
    expect([works.size, pacer.queuedMs]).toEqual([0, 0]);
  });

  it("sends repetitions before frames that wait", () => {
    const { pacer, sent, frameOf, pass } = pacerByHand();
    pacer.setBitrate(200_000, 0);
    pacer.sendFrame(frameOf(0, 20), true);
    const before = sent.length;
    pacer.sendFirst(() => {
      sent.push({ frame: -1, at: 0, last: true });
      return 1_000;
    });
    pass(2_000);
    expect(sent[before]?.frame).toBe(-1);
    expect(sent).toHaveLength(21);
  });

  it("drops what has waited too long, and all that follows until a key frame", () => {
    const { pacer, sent, frameOf, pass, dropped } = pacerByHand();
    pacer.setBitrate(100_000, 0);
    pacer.sendFrame(frameOf(0, 30), true);
    pacer.sendFrame(frameOf(1, 2), false);
    pass(450);
    expect(dropped()).toBe(1);
    expect(pacer.isKeyAwaited).toBe(true);
    pacer.sendFrame(frameOf(2, 2), false);
    expect(dropped()).toBe(2);
    pass(2_000);
    pacer.sendFrame(frameOf(3, 2), true);
    pass(2_000);
    const frames = new Set(sent.map(({ frame }) => frame));
    expect([...frames]).toEqual([0, 3]);
    expect(sent.filter(({ frame }) => frame === 0)).toHaveLength(30);
  });

  it("sends nothing more when it is closed", () => {
    const { pacer, sent, frameOf, pass, works } = pacerByHand();
    pacer.setBitrate(100_000, 0);
    pacer.sendFrame(frameOf(0, 30), true);
    const before = sent.length;
    pacer.close();
    pass(1_000);
    expect([sent.length, works.size]).toEqual([before, 0]);
  });

  it("sends whole frames in order, each after the one that it refers to", () => {
    const step = fc.record({
      packets: fc.integer({ min: 1, max: 40 }),
      isKey: fc.boolean(),
      passMs: fc.integer({ min: 0, max: 200 }),
      bitrate: fc.integer({ min: 50_000, max: 5_000_000 }),
      isSkipped: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { pacer, sent, frameOf, pass } = pacerByHand();
        const isKey = steps.map((each) => each.isKey);
        for (const [frame, each] of steps.entries()) {
          pacer.setBitrate(each.bitrate, 0);
          if (each.isSkipped) pacer.skipToKeyFrame();
          pacer.sendFrame(frameOf(frame, each.packets), each.isKey);
          pass(each.passMs);
        }
        pass(60_000);
        let before: TestPacket | undefined;
        for (const packet of sent) {
          if (packet.at > 0) {
            expect([packet.frame, packet.at]).toEqual([before?.frame, (before?.at ?? 0) + 1]);
          } else {
            expect(before?.last ?? true).toBe(true);
            expect(isKey[packet.frame] || packet.frame === (before?.frame ?? -1) + 1).toBe(true);
            expect(packet.frame).toBeGreaterThan(before?.frame ?? -1);
          }
          before = packet;
        }
        expect(before?.last ?? true).toBe(true);
      }),
    );
  });
});
