import { MillraceError } from "@millrace/core/web";
import { PacketFlag, type PacketTable, packetTableBuilder } from "../container/packet-table.ts";
import type { VideoTrack } from "../container/video-track.ts";

/** A packet as `ffprobe -show_packets -of json` writes it. */
export interface FfprobePacket {
  /** Packets of audio and others, which ffprobe lists too unless it is told not to, are passed over. */
  readonly codec_type?: string;
  readonly pts?: number | string;
  readonly dts?: number | string;
  readonly duration?: number | string;
  readonly pos?: number | string;
  readonly size: number | string;
  /** `K` where decoding may begin, `D` where it is thrown away. */
  readonly flags?: string;
}

/** A frame as `ffprobe -show_frames -of json` writes it, which is what torchcodec takes as custom frame mappings. */
export interface FrameMapping {
  readonly pts: number | string;
  readonly duration?: number | string;
  readonly key_frame: number | boolean;
}

/** What another tool found out about the frames of a video. */
export type FrameMappings =
  | { readonly packets: readonly FfprobePacket[] }
  | { readonly frames: readonly FrameMapping[] };

/**
 * The track with the packets that another tool has listed: those of `ffprobe -show_packets` take the place of its own;
 * the mappings of torchcodec, which have no places, say anew which of its frames there are and which are key frames.
 *
 * @throws MillraceError INVALID_OPTION when a number is missing or none, CORRUPT_INPUT when the list is of another video
 */
export function importMappings(track: VideoTrack, mappings: FrameMappings): VideoTrack {
  const packets =
    "packets" in mappings
      ? fromPackets(mappings.packets)
      : fromFrames(track.packets, mappings.frames);
  return { ...track, packets };
}

function fromPackets(list: readonly FfprobePacket[]): PacketTable {
  const builder = packetTableBuilder(list.length);
  for (const [at, packet] of list.entries()) {
    if (packet.codec_type !== undefined && packet.codec_type !== "video") continue;
    const flags = packet.flags ?? "";
    builder.add({
      pts: wholeNumber(packet.pts ?? packet.dts, `packet ${at}: pts`),
      duration: wholeNumber(packet.duration ?? 0, `packet ${at}: duration`),
      offset: wholeNumber(packet.pos, `packet ${at}: pos`, 0),
      size: wholeNumber(packet.size, `packet ${at}: size`, 0),
      flags:
        (flags.includes("K") ? PacketFlag.key : 0) |
        (flags.includes("D") ? PacketFlag.discard : 0) |
        (packet.pts === undefined ? PacketFlag.estimated : 0),
    });
  }
  return builder.build();
}

function fromFrames(packets: PacketTable, list: readonly FrameMapping[]): PacketTable {
  const byPts = new Map<number, number[]>();
  for (let at = 0; at < packets.count; at++) {
    const pts = packets.pts[at] as number;
    const same = byPts.get(pts);
    if (same === undefined) byPts.set(pts, [at]);
    else same.push(at);
  }
  const flags = packets.flags.map((flag) => (flag & ~PacketFlag.key) | PacketFlag.discard);
  const duration = packets.duration.slice();
  for (const [at, frame] of list.entries()) {
    const pts = wholeNumber(frame.pts, `frame ${at}: pts`);
    const packet = byPts.get(pts)?.shift();
    if (packet === undefined) {
      throw new MillraceError(
        "CORRUPT_INPUT",
        `The frame mappings name a frame at pts ${pts}, which the video does not have; they are of another video.`,
      );
    }
    const isKey = Number(frame.key_frame) !== 0;
    flags[packet] =
      ((flags[packet] as number) & ~PacketFlag.discard) | (isKey ? PacketFlag.key : 0);
    if (frame.duration !== undefined) {
      duration[packet] = wholeNumber(frame.duration, `frame ${at}: duration`);
    }
  }
  return { ...packets, flags, duration };
}

function wholeNumber(
  value: number | string | undefined,
  what: string,
  least: number = Number.MIN_SAFE_INTEGER,
): number {
  const number = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isSafeInteger(number) && number >= least) {
    return number;
  }
  throw new MillraceError(
    "INVALID_OPTION",
    `The frame mappings are not whole: ${what} is ${String(value)}, and should be a whole number of ticks or bytes.`,
  );
}
