import { Subject } from "rxjs";
import { expect, test } from "vitest";
import { expectNoOpenFrames } from "../testing/expect-no-open-frames.ts";
import { type VideoFrame, videoFrame } from "../video/video-frame.ts";
import { shareFrames } from "./share-frames.ts";

function frame(pts: number): VideoFrame {
  const shape = { codedWidth: 1, codedHeight: 1, timeBase: { num: 1, den: 25 } };
  return videoFrame({ format: "RGB", ...shape, pts, data: Uint8Array.of(pts, 0, 0) });
}

test("every subscriber sees a frame, which is closed then; a clone is kept", () => {
  const owned$ = new Subject<VideoFrame>();
  const shown$ = owned$.pipe(shareFrames());
  const seen: number[] = [];
  const kept: VideoFrame[] = [];
  shown$.subscribe((one) => seen.push(one.data[0] ?? 0));
  const second = shown$.subscribe((one) => kept.push(one.clone()));
  const first = frame(1);
  owned$.next(first);
  expect(() => first.data).toThrow(/closed/);
  second.unsubscribe();
  owned$.next(frame(2));
  expect(seen).toEqual([1, 2]);
  expect(kept.map(({ data }) => data[0])).toEqual([1]);
  kept[0]?.close();
  expectNoOpenFrames();
});

test("the last subscriber leaves the source, and an end reaches all", () => {
  const owned$ = new Subject<VideoFrame>();
  const shown$ = owned$.pipe(shareFrames());
  const one = shown$.subscribe();
  one.unsubscribe();
  expect(owned$.observed).toBe(false);
  let isDone = false;
  shown$.subscribe({ complete: () => (isDone = true) });
  owned$.complete();
  expect(isDone).toBe(true);
});
