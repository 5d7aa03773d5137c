import { expect, test } from "vitest";
import { createViewerMeter } from "./viewer-meter.ts";

test("counts all, and reckons rates over the last two seconds", () => {
  let nowMs = 0;
  const meter = createViewerMeter(() => nowMs);
  for (let frame = 0; frame < 100; frame++) {
    nowMs = frame * 100;
    meter.sent(1_000);
  }
  meter.dropped(3);
  const { framesSent, framesDropped, bytesSent, fps, bitrate } = meter.read();
  expect({ framesSent, framesDropped, bytesSent }).toEqual({
    framesSent: 100,
    framesDropped: 3,
    bytesSent: 100_000,
  });
  // 7.9 s to 9.9 s, both ends included.
  expect(fps).toBe(10.5);
  expect(bitrate).toBe(84_000);
  nowMs = 20_000;
  expect(meter.read().fps).toBe(0);
});

test("bytes that are no frame count as bytes only", () => {
  const meter = createViewerMeter(() => 0);
  meter.sentBytes(500);
  expect(meter.read()).toMatchObject({ framesSent: 0, bytesSent: 500, fps: 0, bitrate: 4_000 });
});

test("ages are of the last frames, and null before the first", () => {
  const meter = createViewerMeter(() => 0);
  expect(meter.read().frameAgeMs).toBeNull();
  for (let age = 0; age < 1_000; age++) meter.aged(age);
  expect(meter.read().frameAgeMs).toEqual({ p50: 850, p95: 985 });
});
