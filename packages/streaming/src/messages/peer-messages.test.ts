import fc from "fast-check";
import { expect, test } from "vitest";
import { readPeerData, readViewerReport } from "./peer-messages.ts";

test("a report needs a time that the frame is known by", () => {
  expect(readViewerReport('{"shown":{"rtpTimestamp":9,"agoMs":2,"x":1}}')).toEqual({
    shown: { rtpTimestamp: 9, agoMs: 2 },
  });
  expect(readViewerReport('{"shown":{"timestamp":0,"agoMs":0}}')).toEqual({
    shown: { timestamp: 0, agoMs: 0 },
  });
  expect(readViewerReport('{"shown":{"agoMs":2}}')).toBeUndefined();
  expect(readViewerReport('{"shown":{"timestamp":1,"agoMs":-2}}')).toBeUndefined();
  expect(readViewerReport('{"shown":null}')).toBeUndefined();
});

test("data with a time of RTP that cannot be are none", () => {
  const data = { kind: "detections", timestamp: 1, value: [1] };
  expect(readPeerData(JSON.stringify(data))).toEqual(data);
  expect(readPeerData(JSON.stringify({ ...data, rtpTimestamp: 2 ** 32 - 1 }))).toMatchObject({
    rtpTimestamp: 2 ** 32 - 1,
  });
  expect(readPeerData(JSON.stringify({ ...data, rtpTimestamp: 2 ** 32 }))).toBeUndefined();
  expect(readPeerData(JSON.stringify({ ...data, timestamp: "1" }))).toBeUndefined();
});

test("whatever JSON comes, reading does not throw", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      readPeerData(text);
      readViewerReport(text);
    }),
  );
});
