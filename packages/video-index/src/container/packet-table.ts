import { MillraceError } from "@millrace/core/web";
import { MOST_PACKET_BYTES, MOST_PACKETS } from "./packet-limits.ts";

/** What is known of a packet besides its place and time. Bits of {@link PacketTable.flags}. */
export const PacketFlag = {
  /** The container says that decoding may begin here. */
  key: 1,
  /** Decoded, but never shown: outside of an edit list. */
  discard: 2,
  /** Gives no picture of its own, such as an alternate reference frame in a packet of its own. */
  hidden: 4,
  /** Its time is not in the container but worked out from the order of packets. */
  estimated: 8,
  /** It lies outside of the file, wholly or in part, or is larger than any that is read. */
  cut: 16,
} as const;

/** Every packet of one video track in the order of decoding; columns, one number a packet. */
export interface PacketTable {
  readonly count: number;
  /** When it is shown, in ticks, after the edit list. */
  readonly pts: Float64Array;
  /** In ticks; 0 where nothing says. */
  readonly duration: Float64Array;
  /** Where it begins, in bytes from the start of the source. */
  readonly offset: Float64Array;
  /** Its bytes in the source; of a transport stream, from its first to behind its last transport packet. */
  readonly size: Float64Array;
  readonly flags: Uint8Array;
  /** Which of the track's {@link VideoTrack.configs} it is decoded with. */
  readonly config: Uint16Array;
}

/** Builds a {@link PacketTable} packet by packet. */
export interface PacketTableBuilder {
  readonly count: number;
  /** @throws MillraceError LIMIT_EXCEEDED when there are more packets than are read of a track */
  add(packet: {
    readonly pts: number;
    readonly duration: number;
    readonly offset: number;
    readonly size: number;
    readonly flags: number;
    readonly config?: number;
  }): void;
  /** Changes one that was added. */
  setPts(at: number, pts: number): void;
  setDuration(at: number, duration: number): void;
  setFlags(at: number, flags: number): void;
  build(): PacketTable;
}

/** A table is begun with no more packets than that, whatever is expected: that is the container's word. */
const MOST_AT_FIRST = 2 ** 16;

/** Columns that grow by doubling. Numbers that no file and no clock reaches are cut to what a number holds exactly. */
export function packetTableBuilder(expected = 64): PacketTableBuilder {
  let table = columns(Math.max(1, Math.min(expected, MOST_AT_FIRST)));
  let count = 0;
  return {
    get count() {
      return count;
    },
    add({ pts, duration, offset, size, flags, config = 0 }) {
      if (count === MOST_PACKETS) {
        throw new MillraceError(
          "LIMIT_EXCEEDED",
          `A video track has more than ${MOST_PACKETS} packets, which are not read; split the video.`,
        );
      }
      if (count === table.pts.length) table = grown(table, count * 2);
      table.pts[count] = within(pts, -LARGEST, LARGEST);
      table.duration[count] = within(duration, 0, LARGEST);
      table.offset[count] = within(offset, 0, LARGEST / 2);
      table.size[count] = within(size, 0, LARGEST / 2);
      table.flags[count] = size > MOST_PACKET_BYTES ? flags | PacketFlag.cut : flags;
      table.config[count] = config;
      count += 1;
    },
    setPts(at, pts) {
      table.pts[at] = pts;
    },
    setDuration(at, duration) {
      table.duration[at] = duration;
    },
    setFlags(at, flags) {
      table.flags[at] = flags;
    },
    build: () => grown(table, count),
  };
}

const LARGEST = Number.MAX_SAFE_INTEGER - 1;

function within(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

function columns(count: number): PacketTable {
  return {
    count,
    pts: new Float64Array(count),
    duration: new Float64Array(count),
    offset: new Float64Array(count),
    size: new Float64Array(count),
    flags: new Uint8Array(count),
    config: new Uint16Array(count),
  };
}

function grown(table: PacketTable, length: number): PacketTable {
  const next = columns(Math.max(length, 0));
  const kept = Math.min(length, table.pts.length);
  next.pts.set(table.pts.subarray(0, kept));
  next.duration.set(table.duration.subarray(0, kept));
  next.offset.set(table.offset.subarray(0, kept));
  next.size.set(table.size.subarray(0, kept));
  next.flags.set(table.flags.subarray(0, kept));
  next.config.set(table.config.subarray(0, kept));
  return next;
}
