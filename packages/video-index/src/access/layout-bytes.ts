import type { VideoFrame } from "@millrace/media";

/** Bytes that a frame's planes take, also where its pixels are not in our memory. */
export function layoutBytes({ layout }: VideoFrame): number {
  return layout.reduce((sum, { stride, rows }) => sum + stride * rows, 0);
}
