import { planeLayouts } from "../video/pixel-format.ts";
import { settledColorSpace } from "../video/scaled-color-space.ts";
import { packFrame, type VideoFrame } from "../video/video-frame.ts";
import type { WireSource } from "./protocol.ts";

/** A frame's pixels for a worker: its own shared memory, which it keeps until `done`, or a copy. */
export function borrowPixels(frame: VideoFrame): { source: WireSource; done: () => void } {
  const { format, codedWidth: width, codedHeight: height, data, layout } = frame;
  const tight = planeLayouts(format, width, height);
  const isTight = tight.every(
    ({ offset, stride }, index) =>
      layout[index]?.offset === offset && layout[index]?.stride === stride,
  );
  const shape = { format, width, height, colorSpace: settledColorSpace(frame) };
  if (isTight && data.buffer instanceof SharedArrayBuffer) {
    const own = frame.clone();
    return { source: { ...shape, data }, done: own.close };
  }
  const last = tight.at(-1);
  const copy = new Uint8Array(
    new SharedArrayBuffer(last ? last.offset + last.stride * last.rows : 0),
  );
  packFrame(frame, copy);
  return { source: { ...shape, data: copy }, done: () => {} };
}
