import { type EncodedVideoChunk, ticksToMicroseconds } from "@millrace/media";
import type { ByteSource } from "../bytes/byte-source.ts";
import { MOST_PACKET_BYTES } from "../container/packet-limits.ts";
import { PacketFlag } from "../container/packet-table.ts";
import type { VideoTrack } from "../container/video-track.ts";
import { unframe } from "./unframe.ts";

/** A packet as its decoder takes it. */
export interface PacketChunk extends EncodedVideoChunk {
  /** False where the source has less of it than its container says. */
  readonly isWhole: boolean;
}

/** Packets that lie this near to one another are read at once, with what is between them. */
const GAP = 64 * 1024;
/** Bytes that are read at once at most. */
const SPAN = 8 * 2 ** 20;

/**
 * Reads packets `[from, to)` of a track in as few reads as their places allow.
 *
 * A packet that lies outside of the source comes as far as it goes, perhaps empty.
 *
 * @param ptsOf - the pts that each chunk is to have
 */
export async function readChunks(
  source: ByteSource,
  track: VideoTrack,
  from: number,
  to: number,
  ptsOf: (packet: number) => number,
  signal?: AbortSignal,
): Promise<readonly PacketChunk[]> {
  const { packets, framing, timeBase } = track;
  const offsetOf = (packet: number): number => packets.offset[packet] as number;
  const endOf = (packet: number): number => offsetOf(packet) + (packets.size[packet] as number);
  const chunks: PacketChunk[] = [];
  for (let first = from; first < to; ) {
    let end = endOf(first);
    let next = first + 1;
    while (
      next < to &&
      offsetOf(next) >= offsetOf(first) &&
      offsetOf(next) - end < GAP &&
      endOf(next) - offsetOf(first) < SPAN
    ) {
      end = Math.max(end, endOf(next));
      next += 1;
    }
    const start = offsetOf(first);
    const bytes = await source.read(
      start,
      Math.min(end - start, MOST_PACKET_BYTES),
      signal ? { signal } : {},
    );
    for (; first < next; first++) {
      const raw = bytes.subarray(offsetOf(first) - start, endOf(first) - start);
      const pts = packets.pts[first] as number;
      chunks.push({
        type: ((packets.flags[first] as number) & PacketFlag.key) === 0 ? "delta" : "key",
        timestamp: ticksToMicroseconds(pts, timeBase),
        duration: ticksToMicroseconds(packets.duration[first] as number, timeBase),
        pts: ptsOf(first),
        dts: first,
        data: unframe(raw, framing),
        isWhole: raw.length === packets.size[first],
      });
    }
  }
  return chunks;
}
