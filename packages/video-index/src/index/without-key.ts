import type { VideoIndex } from "./video-index.ts";

/** The index without a key packet that is none; frames and their numbers stay. */
export function withoutKey(index: VideoIndex, packet: number): VideoIndex {
  return { ...index, keys: index.keys.filter((key) => key !== packet) };
}

/** The index with a key packet behind which pictures are whole only so many packets later. */
export function withPreroll(index: VideoIndex, packet: number, packets: number): VideoIndex {
  return { ...index, prerolls: new Map([...index.prerolls, [packet, packets]]) };
}
