import type { VideoIndex } from "./video-index.ts";

/** The index without a key packet that is none; frames and their numbers stay. */
export function withoutKey(index: VideoIndex, packet: number): VideoIndex {
  return { ...index, keys: index.keys.filter((key) => key !== packet) };
}
