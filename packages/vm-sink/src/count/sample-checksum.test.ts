import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SampleChecksum } from "./sample-checksum.ts";

type Sample = readonly [key: number, timeMs: number, value: number];

const sample: fc.Arbitrary<Sample> = fc.tuple(
  fc.nat({ max: 2 ** 53 - 1 }),
  fc.nat({ max: 2 ** 42 }),
  fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })),
);

function sumOf(samples: readonly Sample[]): SampleChecksum {
  const sum = new SampleChecksum();
  for (const [key, timeMs, value] of samples) sum.add(key, timeMs, value);
  return sum;
}

describe("SampleChecksum", () => {
  it("is the same in any order and in any parts", () => {
    fc.assert(
      fc.property(fc.array(sample), fc.nat(), (samples, cut) => {
        const parts = sumOf(samples.slice(cut % (samples.length + 1)).toReversed());
        parts.addAll(sumOf(samples.slice(0, cut % (samples.length + 1))));
        expect(parts.equals(sumOf(samples))).toBe(true);
      }),
    );
  });

  it("changes with every sample: one more, one twice, another series, time or value", () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1 }), sample, (samples, extra) => {
        const [[key, timeMs, value], ...rest] = samples as [Sample, ...Sample[]];
        const sum = sumOf(samples);
        for (const other of [
          [...samples, extra],
          [...samples, samples[0] as Sample],
          rest,
          [[key + 1, timeMs, value] as const, ...rest],
          [[key, timeMs + 1, value] as const, ...rest],
          [[key, timeMs, Math.floor(value / 2) + 1e6] as const, ...rest],
        ]) {
          expect(sumOf(other).equals(sum)).toBe(false);
        }
      }),
    );
  });

  it("does not see the last bits of a fraction, which a database may change", () => {
    expect(sumOf([[1, 1, 0.1 + 0.2]]).equals(sumOf([[1, 1, 0.3]]))).toBe(true);
    expect(sumOf([[1, 1, 0.3001]]).equals(sumOf([[1, 1, 0.3]]))).toBe(false);
    expect(sumOf([[1, 1, -0]]).equals(sumOf([[1, 1, 0]]))).toBe(true);
  });
});
