import {
  type EncodeImageOptions,
  type ImageEncoder,
  type LiveData,
  type VideoEncoderBackend,
  type VideoFrame,
  videoFrame,
} from "@millrace/media";
import { expectNoOpenFrames } from "@millrace/media/testing";
import { Observable, Subject } from "rxjs";
import { afterEach, expect, test } from "vitest";
import type { EncodedFrame } from "./encoded-frame.ts";
import { createFrameHub } from "./frame-hub.ts";

afterEach(() => expectNoOpenFrames());

/** Gives frames by hand and says how often it was subscribed. */
function source() {
  const frames = new Subject<VideoFrame>();
  let subscriptions = 0;
  const video$ = new Observable<VideoFrame>((subscriber) => {
    subscriptions++;
    return frames.subscribe(subscriber);
  });
  return {
    stream: { video$, clock: { now: () => 0 } },
    give(pts: number) {
      const size = { codedWidth: 2, codedHeight: 2, timeBase: { num: 1, den: 25 } };
      using frame = videoFrame({ format: "RGB", ...size, pts, data: new Uint8Array(12) });
      frames.next(frame);
    },
    frames,
    get subscriptions() {
      return subscriptions;
    },
    get isObserved() {
      return frames.observed;
    },
  };
}

/** Encodes when it is let, one call at a time. */
function gatedImages() {
  const waiting: (() => void)[] = [];
  let failure: Error | undefined;
  let mostAtOnce = 0;
  const images: ImageEncoder = {
    apiVersion: 1,
    name: "gated",
    types: ["image/jpeg"],
    async encode(frame, { quality = 0 }: EncodeImageOptions = {}) {
      mostAtOnce = Math.max(mostAtOnce, waiting.length + 1);
      const { codedWidth: width, codedHeight: height } = frame;
      await new Promise<void>((resolve) => waiting.push(resolve));
      if (failure) throw failure;
      return { type: "image/jpeg", data: Uint8Array.of(quality), width, height };
    },
  };
  return {
    images,
    async pass() {
      waiting.shift()?.();
      await new Promise(setImmediate);
    },
    fail(error: Error) {
      failure = error;
    },
    get encoding() {
      return waiting.length;
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
  };
}

test("a rendition is encoded once for all who watch, and only while somebody does", async () => {
  const { stream, give, ...rest } = source();
  const gate = gatedImages();
  await using hub = createFrameHub(stream, { images: gate.images, lingerMs: 0 });
  const rendition = hub.pictures({ quality: 70 });
  expect(hub.pictures({ quality: 70 })).toBe(rendition);
  expect(hub.pictures({ quality: 71 })).not.toBe(rendition);
  give(1);
  expect(gate.encoding).toBe(0);

  const seen: EncodedFrame[][] = [[], []];
  const watches = seen.map((list) => rendition.frames$.subscribe((frame) => list.push(frame)));
  expect(hub.stats().renditions).toEqual(["jpeg q70"]);
  give(2);
  await gate.pass();
  expect(seen.map((list) => list.map(({ timestamp }) => timestamp))).toEqual(
    [[2], [2]].map((list) => list.map((pts) => pts * 40_000)),
  );
  expect(seen[0]?.[0]).toBe(seen[1]?.[0]);
  for (const watch of watches) watch.unsubscribe();
  await new Promise((done) => setTimeout(done, 5));
  expect(hub.stats().renditions).toEqual([]);
  expect(rest.frames.observed).toBe(false);
});

test("while a frame is encoded only the newest waits, and numbers tell what was left out", async () => {
  const { stream, give } = source();
  const gate = gatedImages();
  await using hub = createFrameHub(stream, { images: gate.images });
  const seen: number[] = [];
  const watch = hub.pictures().frames$.subscribe(({ sequence }) => seen.push(sequence));
  for (let pts = 0; pts < 10; pts++) give(pts);
  await gate.pass();
  await gate.pass();
  expect(seen).toEqual([0, 9]);
  expect(gate.mostAtOnce).toBe(1);
  watch.unsubscribe();
});

test("frames that go back in time are shown to nobody", async () => {
  const { stream, give } = source();
  const gate = gatedImages();
  await using hub = createFrameHub(stream, { images: gate.images });
  const seen: number[] = [];
  const watch = hub.pictures().frames$.subscribe(({ timestamp }) => seen.push(timestamp));
  for (const pts of [5, 4, 5, 6]) {
    give(pts);
    await gate.pass();
  }
  expect(seen).toEqual([200_000, 240_000]);
  expect(hub.stats()).toMatchObject({ framesIn: 2, framesOutOfOrder: 2 });
  watch.unsubscribe();
});

test("the end of a stream comes after its last frame, and late viewers are told at once", async () => {
  const { stream, give, frames } = source();
  const gate = gatedImages();
  await using hub = createFrameHub(stream, { images: gate.images });
  const events: string[] = [];
  const rendition = hub.pictures();
  const watch = (): void => {
    rendition.frames$.subscribe({
      next: () => events.push("frame"),
      complete: () => events.push("end"),
    });
  };
  watch();
  give(1);
  frames.complete();
  await gate.pass();
  expect(events).toEqual(["frame", "end"]);
  watch();
  await new Promise(setImmediate);
  expect(events).toEqual(["frame", "end", "end"]);
});

test("a failing encoder ends its rendition and leaves others alone", async () => {
  const { stream, give } = source();
  const gate = gatedImages();
  await using hub = createFrameHub(stream, { images: gate.images });
  const failed = Promise.withResolvers<unknown>();
  hub.pictures().frames$.subscribe({ error: failed.resolve });
  const reason = new Error("no memory");
  gate.fail(reason);
  give(1);
  give(2);
  await gate.pass();
  expect(await failed.promise).toBe(reason);
});

test("closing ends what is watched; what cannot be had is named with what to do", async () => {
  const { stream } = source();
  const gate = gatedImages();
  const hub = createFrameHub(stream, { images: gate.images });
  let isOver = false;
  hub.pictures().frames$.subscribe({ complete: () => (isOver = true) });
  expect(() => hub.video({ family: "h264" })).toThrow(/as "video", such as nodeAv/);
  expect(() => hub.sound("opus")).toThrow(/has no sound: its audio\$ is not set/);
  await hub.close();
  await hub.close();
  await expect.poll(() => isOver).toBe(true);
  expect(() => hub.pictures()).toThrow(expect.objectContaining({ code: "CLOSED" }));
});

test("closing settles when what encodes is closed", async () => {
  const { stream, give } = source();
  const events: string[] = [];
  const encoding = Promise.withResolvers<void>();
  const video: VideoEncoderBackend = {
    apiVersion: 1,
    name: "slow",
    families: ["h264"],
    open: async () => ({
      decoderConfig: { codec: "avc1.42e01f" } as never,
      async encode() {
        await encoding.promise;
        events.push("encoded");
        return [];
      },
      setBitrate: async () => {},
      flush: async () => [],
      async close() {
        await new Promise(setImmediate);
        events.push("encoder closed");
      },
      async [Symbol.asyncDispose]() {},
    }),
  };
  const hub = createFrameHub(stream, { video });
  const failures: unknown[] = [];
  hub.video({ family: "h264" }).frames$.subscribe({ error: (error) => failures.push(error) });
  give(1);
  await new Promise(setImmediate);
  const closed = hub.close().then(() => events.push("hub closed"));
  await new Promise(setImmediate);
  expect(events).toEqual([]);
  encoding.resolve();
  await closed;
  expect(events).toEqual(["encoded", "encoder closed", "hub closed"]);
  expect(failures).toEqual([]);
});

test("times of frames are remembered for a while", async () => {
  const { stream, give } = source();
  const gate = gatedImages();
  await using hub = createFrameHub(stream, { images: gate.images });
  const watch = hub.pictures().frames$.subscribe();
  const before = performance.timeOrigin + performance.now();
  for (let pts = 0; pts < 600; pts++) give(pts);
  await gate.pass();
  await gate.pass();
  expect(hub.capturedAtMs(599 * 40_000)).toBeGreaterThanOrEqual(before);
  expect(hub.capturedAtMs(0)).toBeUndefined();
  expect(hub.capturedAtMs(7)).toBeUndefined();
  watch.unsubscribe();
});

test("data goes to all", async () => {
  const data$ = new Subject<LiveData>();
  await using hub = createFrameHub({ data$, clock: { now: () => 0 } });
  const seen: [string, LiveData][] = [];
  hub.data$.subscribe((item) => seen.push(["one", item]));
  hub.data$.subscribe((item) => seen.push(["two", item]));
  const caption: LiveData = { kind: "caption", timestamp: 1, value: "hello" };
  data$.next(caption);
  expect(seen).toEqual([
    ["one", caption],
    ["two", caption],
  ]);
});
