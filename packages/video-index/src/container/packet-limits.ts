import { MillraceError } from "@millrace/core/web";

/** Packets of one track, and packets that take no room in any table: 77 hours of 60 frames a second. */
export const MOST_PACKETS: number = 2 ** 24;

/** Bytes of one packet, which are read in one piece: twice those of the largest intra frames of 8K. */
export const MOST_PACKET_BYTES: number = 64 * 2 ** 20;

/** Video tracks of one source; each costs memory before it has any packet. */
const MOST_TRACKS = 64;

/** @throws MillraceError LIMIT_EXCEEDED when a source claims more video tracks than are read */
export function checkTrackCount(count: number, name: string): void {
  if (count <= MOST_TRACKS) return;
  throw new MillraceError(
    "LIMIT_EXCEEDED",
    `${name} claims more than ${MOST_TRACKS} video tracks, which are not read.`,
  );
}

/** How many packets that take no room in any table a source may still claim. */
export interface AlikePackets {
  /** Takes packets of a size out of what is left; how many there are. */
  take(claimed: number, sizeBytes: number): number;
}

/** Each such packet must at least be in the source, and no byte belongs to two. */
export function alikePackets(sourceBytes: number): AlikePackets {
  let leftBytes = sourceBytes;
  let left = MOST_PACKETS;
  return {
    take(claimed, sizeBytes) {
      const each = Math.max(1, sizeBytes);
      const count = Math.min(claimed, left, Math.ceil(leftBytes / each));
      left -= count;
      leftBytes = Math.max(0, leftBytes - count * each);
      return count;
    },
  };
}
