import { expect, it } from "vitest";
import { opusDurationUs } from "./opus-duration.ts";

const packet = (configuration: number, code: number, second?: number): Uint8Array =>
  Uint8Array.from([(configuration << 3) | code, ...(second === undefined ? [] : [second])]);

// RFC 6716, table 2 and section 3.2.
it.each([
  ["SILK of 10 ms", packet(0, 0), 10_000],
  ["SILK of 60 ms", packet(11, 0), 60_000],
  ["two of them", packet(11, 1), 120_000],
  ["hybrid of 20 ms", packet(13, 0), 20_000],
  ["hybrid of 10 ms, two of unlike size", packet(14, 2), 20_000],
  ["CELT of 2.5 ms", packet(28, 0), 2_500],
  ["CELT of 20 ms", packet(31, 0), 20_000],
  ["six of 2.5 ms, padded", packet(16, 3, 0x46), 15_000],
  ["as many as may be", packet(31, 3, 6), 120_000],
  ["more than may be", packet(31, 3, 63), 0],
  ["a count that is missing", packet(31, 3), 0],
  ["nothing", new Uint8Array(), 0],
])("says how long a packet sounds: %s", (_, data, expected) => {
  expect(opusDurationUs(data)).toBe(expected);
});
