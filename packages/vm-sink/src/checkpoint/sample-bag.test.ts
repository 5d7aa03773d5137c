import type { SeriesSamples } from "@millrace/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { missingSamples, SampleBag } from "./sample-bag.ts";

const LABELS = { __name__: "a", b: "c" };

function series(samples: readonly (readonly [number, number])[]): SeriesSamples {
  return {
    labels: LABELS,
    timesMs: Float64Array.from(samples, ([time]) => time),
    values: Float64Array.from(samples, ([, value]) => value),
  };
}

function bag(samples: readonly (readonly [number, number])[]): SampleBag {
  const filled = new SampleBag();
  const { labels, timesMs, values } = series(samples);
  filled.addAll(labels, timesMs, values);
  return filled;
}

const someSamples = fc.array(fc.tuple(fc.nat(4), fc.nat(2)), { maxLength: 20 });
const count = (list: readonly (readonly [number, number])[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const pair of list) counts.set(String(pair), (counts.get(String(pair)) ?? 0) + 1);
  return counts;
};

describe("missingSamples", () => {
  it("is the difference of multisets", () => {
    fc.assert(
      fc.property(someSamples, someSamples, someSamples, (wanted, stored, others) => {
        const missing = missingSamples(series(wanted), bag(stored), bag(others));
        const pairs = Array.from(
          missing?.timesMs ?? [],
          (time, i) => [time, missing?.values[i] ?? Number.NaN] as const,
        );
        const [w, s, o, m] = [count(wanted), count(stored), count(others), count(pairs)];
        for (const [key, times] of w) {
          const free = Math.max(0, (s.get(key) ?? 0) - (o.get(key) ?? 0));
          expect(m.get(key) ?? 0).toBe(Math.max(0, times - free));
        }
        expect([...m.keys()].every((key) => w.has(key))).toBe(true);
      }),
    );
  });

  it("takes labels in any order, and a value with its last bits changed", () => {
    const stored = new SampleBag();
    stored.addAll({ b: "c", none: "", __name__: "a" }, [5], [0.1 + 0.2]);
    expect(missingSamples(series([[5, 0.3]]), stored, new SampleBag())).toBeUndefined();
    expect(missingSamples(series([[5, 0.31]]), stored, new SampleBag())).toBeDefined();
  });
});
