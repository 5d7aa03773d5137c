import type { Region } from "../frame-scaler.ts";
import type { VideoFrame } from "../video-frame.ts";
import { type Channel, channelsOf } from "./channels.ts";
import type { Plane } from "./plane.ts";

/** The planes of a region: Y, Pb, Pr in the sizes that they have, or R, G, B and, of formats with it, alpha. */
export function readPlanes(frame: VideoFrame, region: Region): Plane[] {
  return channelsOf(frame, region).map(read);
}

function read({ data, width, height, start, step, stride, bytes, zero, span }: Channel): Plane {
  const samples = new Float32Array(width * height);
  for (let row = 0, at = 0; row < height; row++) {
    let from = start + row * stride;
    for (let column = 0; column < width; column++, at++, from += step) {
      const low = data[from] ?? 0;
      const code = bytes === 2 ? low | ((data[from + 1] ?? 0) << 8) : low;
      samples[at] = (code - zero) / span;
    }
  }
  return { samples, width, height };
}
