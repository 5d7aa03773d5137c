import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PATIENT_RETRY, retryDelayMs } from "./retry.ts";

describe("retryDelayMs", () => {
  it("stays between nothing and a limit that doubles up to the longest pause", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.integer({ min: 1, max: 60_000 }),
        fc.integer({ min: 1, max: 5_000 }),
        (firstDelayMs, maxDelayMs, attempt) => {
          const policy = { ...PATIENT_RETRY, firstDelayMs, maxDelayMs };
          const delay = retryDelayMs(policy, attempt, undefined);
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(maxDelayMs);
          expect(delay).toBeLessThanOrEqual(firstDelayMs * 2 ** (attempt - 1));
        },
      ),
    );
  });

  it("differs from try to try, so that clients do not come back together", () => {
    const delays = Array.from({ length: 20 }, () => retryDelayMs(PATIENT_RETRY, 5, undefined));
    expect(new Set(delays).size).toBeGreaterThan(1);
  });

  it("waits as long as the server asks, up to the longest pause", () => {
    expect(retryDelayMs(PATIENT_RETRY, 1, "7")).toBe(7_000);
    expect(retryDelayMs(PATIENT_RETRY, 1, "3600")).toBe(30_000);
  });

  it.each(["0", "-1", "soon", "Wed, 21 Oct 2015 07:28:00 GMT", ""])(
    "falls back to its own pause for Retry-After: %j",
    (retryAfter) => {
      const delay = retryDelayMs(PATIENT_RETRY, 1, retryAfter);
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThanOrEqual(250);
    },
  );

  it("never gives up by default", () => {
    expect(PATIENT_RETRY.maxElapsedMs).toBe(Number.POSITIVE_INFINITY);
  });
});
