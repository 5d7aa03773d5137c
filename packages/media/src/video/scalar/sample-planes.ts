import type { Region } from "../frame-scaler.ts";
import type { VideoFrame } from "../video-frame.ts";
import { type Channel, channelsOf } from "./channels.ts";

/**
 * The planes of a region in another size, each sample between the nearest two each way. Only these are read, so that a
 * small picture of a large one takes little time.
 */
export function samplePlanes(
  frame: VideoFrame,
  region: Region,
  width: number,
  height: number,
): Float32Array[] {
  return channelsOf(frame, region).map((channel) => sample(channel, width, height));
}

function sample(channel: Channel, width: number, height: number): Float32Array {
  const { start, stride, zero, span } = channel;
  const across = nearestTwo(channel.width, width);
  const down = nearestTwo(channel.height, height);
  const upper = new Float32Array(width);
  const lower = new Float32Array(width);
  const samples = new Float32Array(width * height);
  for (let row = 0; row < height; row++) {
    readLine(channel, start + (down.first[row] as number) * stride, across, upper);
    readLine(channel, start + (down.second[row] as number) * stride, across, lower);
    const into = samples.subarray(row * width, (row + 1) * width);
    const share = down.share[row] as number;
    for (let column = 0; column < width; column++) {
      const above = upper[column] as number;
      const code = above + ((lower[column] as number) - above) * share;
      into[column] = (code - zero) / span;
    }
  }
  return samples;
}

/** What stands in a row between the samples of a line, in codes. */
function readLine({ data, step, bytes }: Channel, row: number, line: Line, into: Float32Array) {
  const { first, second, share } = line;
  for (let column = 0; column < into.length; column++) {
    const left = row + (first[column] as number) * step;
    const right = row + (second[column] as number) * step;
    let from = data[left] as number;
    let to = data[right] as number;
    if (bytes === 2) {
      from |= (data[left + 1] as number) << 8;
      to |= (data[right + 1] as number) << 8;
    }
    into[column] = from + (to - from) * (share[column] as number);
  }
}

/** For each place in a line of another length, the two samples around it, and the share of the second one. */
interface Line {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly share: Float32Array;
}

function nearestTwo(from: number, to: number): Line {
  const first = new Int32Array(to);
  const second = new Int32Array(to);
  const share = new Float32Array(to);
  for (let at = 0; at < to; at++) {
    const place = Math.min(from - 1, Math.max(0, ((at + 0.5) * from) / to - 0.5));
    first[at] = Math.floor(place);
    second[at] = Math.min(from - 1, Math.floor(place) + 1);
    share[at] = place - Math.floor(place);
  }
  return { first, second, share };
}
