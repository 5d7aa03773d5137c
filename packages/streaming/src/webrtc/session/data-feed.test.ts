import { NEVER, Subject } from "rxjs";
import { expect, it } from "vitest";
import type { EncodedFrame } from "../../hub/encoded-frame.ts";
import type { PeerChannel } from "../peer-transport.ts";
import { createDataFeed } from "./data-feed.ts";
import { createRtpClock } from "./rtp-clock.ts";

const START_MS = 1_000_000;

/** A frame of a stream that began at START_MS. */
function frame(sequence: number, lateMs: number, isKey = false): EncodedFrame {
  const timestamp = sequence * 40_000;
  const capturedAtMs = START_MS + timestamp / 1_000 + lateMs;
  return { sequence, timestamp, capturedAtMs, isKey } as EncodedFrame;
}

function openFeed() {
  const told: number[] = [];
  const channel = {
    label: "data",
    bufferedAmount: 0,
    message$: new Subject<string>(),
    send: (text: string) => told.push(JSON.parse(text).value.sequence),
  };
  const feed = createDataFeed(NEVER, createRtpClock(), () => {});
  const open = (): void => feed.take(channel as unknown as PeerChannel, NEVER);
  return { told, channel, feed, open };
}

it("tells the clock at key frames, and again behind one that was late", () => {
  const { told, feed, open } = openFeed();
  open();
  for (const [sequence, lateMs] of [250, 251, 2, 0, 4, 90].entries()) {
    feed.tellClock(frame(sequence, lateMs, sequence === 0));
  }
  expect(told).toEqual([0, 2]);
  feed.tellClock(frame(6, 90, true));
  feed.tellClock(frame(7, 90));
  feed.tellClock(frame(8, 0));
  expect(told).toEqual([0, 2, 6, 8]);
});

it("what could not be told is told later", () => {
  const { told, channel, feed, open } = openFeed();
  feed.tellClock(frame(0, 0, true));
  open();
  feed.tellClock(frame(1, 3));
  channel.bufferedAmount = 1_000_000;
  feed.tellClock(frame(2, 80, true));
  feed.tellClock(frame(3, -20));
  channel.bufferedAmount = 0;
  feed.tellClock(frame(4, -20));
  expect(told).toEqual([1, 4]);
});
