import type { VideoFrame } from "./video-frame.ts";

/** What of a frame may be said anew without a look at its pixels. */
export type FrameLabels = Partial<
  Pick<
    VideoFrame,
    | "pts"
    | "timeBase"
    | "timestamp"
    | "duration"
    | "rotation"
    | "colorSpace"
    | "displayWidth"
    | "displayHeight"
  >
>;

/** The same pixels with another time or shape beside them, without a copy. Takes the frame over. */
export function relabelFrame(frame: VideoFrame, labels: FrameLabels): VideoFrame {
  const close = (): void => frame.close();
  return {
    ...frame,
    ...labels,
    get data() {
      return frame.data;
    },
    clone: () => relabelFrame(frame.clone(), labels),
    close,
    [Symbol.dispose]: close,
  };
}
