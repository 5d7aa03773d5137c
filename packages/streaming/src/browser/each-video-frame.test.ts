import { afterEach, expect, it, vi } from "vitest";
import { eachVideoFrame, type VideoFrameShown } from "./each-video-frame.ts";
import type { PageFrameMetadata, PageVideo } from "./page.ts";

afterEach(() => vi.unstubAllGlobals());

/** A `<video>` that shows a frame when it is told to. */
function fakeVideo() {
  let waiting: ((nowMs: number, frame: PageFrameMetadata) => void) | undefined;
  const video = {
    videoWidth: 64,
    videoHeight: 48,
    requestVideoFrameCallback: (call: typeof waiting) => {
      waiting = call;
      return 1;
    },
    cancelVideoFrameCallback: () => {},
  } as unknown as PageVideo;
  return { video, show: (frame: PageFrameMetadata) => waiting?.(0, frame) };
}

it("goes on where an element has no picture at the moment", () => {
  let has = false;
  vi.stubGlobal(
    "VideoFrame",
    class {
      constructor() {
        if (!has) throw new Error("Invalid source state");
      }
      metadata = () => ({ rtpTimestamp: 900 });
      close = () => {};
    },
  );
  const { video, show } = fakeVideo();
  const seen: VideoFrameShown[] = [];
  eachVideoFrame(video, undefined, (frame) => seen.push(frame));
  show({ rtpTimestamp: 300, mediaTime: 1 });
  has = true;
  show({ rtpTimestamp: 600, mediaTime: 2 });
  show({ rtpTimestamp: 900, mediaTime: 3 });
  expect(seen).toEqual([
    { rtpTimestamp: 300, mediaTime: 1_000_000 },
    { rtpTimestamp: 900, mediaTime: 2_000_000 },
  ]);
});
