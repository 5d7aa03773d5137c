import fc from "fast-check";
import { expect, test } from "vitest";
import { readServerMessage, readViewerMessage, readWishes } from "./socket-messages.ts";

test("an ack and a wish are read, and nothing else of them is taken over", () => {
  expect(readViewerMessage('{"type":"ack","sequence":7,"agoMs":1.5,"x":1}')).toEqual({
    type: "ack",
    sequence: 7,
    agoMs: 1.5,
  });
  expect(readViewerMessage('{"type":"watch","codec":"h264","height":480,"__proto__":{}}')).toEqual({
    type: "watch",
    codec: "h264",
    height: 480,
  });
});

test.each([
  "",
  "null",
  "[]",
  '"ack"',
  '{"type":"ack"}',
  '{"type":"ack","sequence":-1}',
  '{"type":"ack","sequence":1.5}',
  '{"type":"ack","sequence":"1"}',
  '{"type":"ack","sequence":1,"agoMs":-1}',
  '{"type":"ack","sequence":1,"agoMs":null}',
  '{"type":"watch"}',
  '{"type":"watch","codec":"gif"}',
  '{"type":"watch","codec":"jpeg","quality":0}',
  '{"type":"watch","codec":"jpeg","framerate":1e9}',
  '{"type":"watch","codec":"jpeg","audio":"mp3"}',
  '{"type":"hello"}',
])("%s is no message of a viewer", (text) => {
  expect(readViewerMessage(text)).toBeUndefined();
});

test("a query has numbers as text", () => {
  expect(readWishes({ codec: "jpeg", framerate: "5", audio: "pcm", token: "x" })).toEqual({
    codec: "jpeg",
    framerate: 5,
    audio: "pcm",
  });
  expect(readWishes({ codec: "jpeg", width: "" })).toBeUndefined();
  expect(readWishes({ codec: "jpeg", width: "wide" })).toBeUndefined();
});

test("whatever JSON comes, reading does not throw", () => {
  const property = fc.property(fc.json(), (text) => {
    readViewerMessage(text);
    readServerMessage(text);
  });
  fc.assert(property);
});
