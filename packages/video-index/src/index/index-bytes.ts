import { MillraceError } from "@millrace/core/web";
import type { PacketTable } from "../container/packet-table.ts";
import type { PacketFraming, VideoTrack } from "../container/video-track.ts";
import {
  type ColumnReader,
  type ColumnWriter,
  columnReader,
  columnWriter,
} from "./byte-columns.ts";
import { crc32 } from "./crc32.ts";
import { type VideoIndex, videoIndex } from "./video-index.ts";

/** An index as it travels: between runs, and to a browser. */
export interface PortableIndex {
  readonly index: VideoIndex;
  readonly warnings: readonly string[];
  /** Of the bytes that it belongs to; empty where that does not matter. */
  readonly fingerprint: string;
}

/** "MRVX", a version of the layout, and one of how numbers are given to frames: a change of either makes old files void. */
const MAGIC = 0x4d525658;
const FORMAT = 2;
const ALGORITHM = 1;
const PREAMBLE = 12;
const MOST_PACKETS = 2 ** 27;

type Header = Omit<VideoTrack, "packets" | "configs" | "framing"> & {
  readonly configs: readonly object[];
  readonly framing: object;
  readonly warnings: readonly string[];
  readonly fingerprint: string;
};

/**
 * Writes an index: a preamble with a checksum, what is known of the track as JSON, and the packets column by column as
 * differences of as few bytes as most of them need, some 4 to 7 a frame.
 */
export function encodeIndex({ index, warnings, fingerprint }: PortableIndex): Uint8Array {
  const { packets, configs, framing, ...track } = index.track;
  const header: Header = {
    ...track,
    configs: configs.map(({ description, ...config }) => ({
      ...config,
      ...(description && { description: [...description] }),
    })),
    framing: framing.kind === "stripped" ? { ...framing, prefix: [...framing.prefix] } : framing,
    warnings,
    fingerprint,
  };
  const writer = columnWriter();
  writer.bytes(new TextEncoder().encode(JSON.stringify(header)));
  writePackets(writer, packets);
  writeList(writer, index.keys);
  writer.unsigned(index.prerolls.size);
  for (const pair of index.prerolls) for (const value of pair) writer.unsigned(value);
  const body = writer.finish();
  const whole = new Uint8Array(PREAMBLE + body.length);
  const view = new DataView(whole.buffer);
  view.setUint32(0, MAGIC);
  view.setUint16(4, FORMAT);
  view.setUint16(6, ALGORITHM);
  view.setUint32(8, crc32(body));
  whole.set(body, PREAMBLE);
  return whole;
}

/**
 * Reads an index.
 *
 * @throws MillraceError CORRUPT_INPUT when it is damaged, UNSUPPORTED when another version wrote it
 */
export function decodeIndex(bytes: Uint8Array): PortableIndex {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < PREAMBLE || view.getUint32(0) !== MAGIC) {
    throw new MillraceError("CORRUPT_INPUT", "These bytes are no video index.");
  }
  if (view.getUint16(4) !== FORMAT || view.getUint16(6) !== ALGORITHM) {
    throw new MillraceError(
      "UNSUPPORTED",
      "The video index was written by another version; make it again.",
    );
  }
  const body = bytes.subarray(PREAMBLE);
  if (crc32(body) !== view.getUint32(8)) {
    throw new MillraceError("CORRUPT_INPUT", "The video index is damaged; make it again.");
  }
  try {
    return decodeBody(body);
  } catch (cause) {
    if (MillraceError.is(cause)) throw cause;
    const message = "The video index does not hold what an index holds; make it again.";
    throw new MillraceError("CORRUPT_INPUT", message, { cause });
  }
}

function decodeBody(body: Uint8Array): PortableIndex {
  const reader = columnReader(body);
  const header: Header = JSON.parse(new TextDecoder().decode(reader.bytes()));
  const { warnings, fingerprint, configs, framing, ...track } = header;
  const packets = readPackets(reader, configs.length);
  const made = videoIndex({
    ...track,
    configs: configs.map((config) => withBytes(config, "description")) as never,
    framing: withBytes(framing, "prefix") as PacketFraming,
    packets,
  });
  const keys = readList(reader);
  const prerolls = new Map<number, number>();
  for (let left = reader.unsigned(); left > 0; left--)
    prerolls.set(reader.unsigned(), reader.unsigned());
  const last = keys.at(-1) ?? -1;
  if (last >= packets.count) {
    throw new MillraceError(
      "CORRUPT_INPUT",
      "The video index names packets that it does not have.",
    );
  }
  return { index: { ...made, keys, prerolls }, warnings, fingerprint };
}

function withBytes(value: object, name: string): object {
  const list: unknown = Reflect.get(value, name);
  return Array.isArray(list) ? { ...value, [name]: Uint8Array.from(list) } : value;
}

function writePackets(writer: ColumnWriter, packets: PacketTable): void {
  const { count, pts, duration, offset, size, flags, config } = packets;
  writer.unsigned(count);
  const unit = commonStep(pts);
  writer.unsigned(unit);
  const turns = new Float64Array(count);
  const gaps = new Float64Array(count);
  let [lastPts, lastStep, end] = [0, 0, 0];
  for (let at = 0; at < count; at++) {
    const step = (pts[at] as number) - lastPts;
    // The first one need not be a multiple of what lies between the others.
    turns[at] = at === 0 ? step : (step - lastStep) / unit;
    lastPts += step;
    lastStep = at === 0 ? 0 : step;
    gaps[at] = (offset[at] as number) - end;
    end = (offset[at] as number) + (size[at] as number);
  }
  for (const column of [turns, gaps, size]) writer.column(column);
  for (const column of [duration, flags, config]) writeRuns(writer, column, count);
}

function readPackets(reader: ColumnReader, configs: number): PacketTable {
  const count = reader.unsigned();
  // Three bytes a packet at least.
  if (count > MOST_PACKETS || count > reader.left) {
    throw new MillraceError("CORRUPT_INPUT", "The video index claims more packets than it holds.");
  }
  const unit = reader.unsigned();
  const pts = reader.column(count);
  const offset = reader.column(count);
  const size = reader.column(count);
  // From differences to numbers, in place.
  let step = 0;
  let end = 0;
  for (let at = 0; at < count; at++) {
    if (at > 0) {
      step += (pts[at] as number) * unit;
      pts[at] = (pts[at - 1] as number) + step;
    }
    const begin = end + (offset[at] as number);
    offset[at] = begin;
    end = begin + (size[at] as number);
  }
  const duration = readRuns(reader, new Float64Array(count));
  const flags = readRuns(reader, new Uint8Array(count));
  const config = readRuns(reader, new Uint16Array(count), configs);
  return { count, pts, offset, size, duration, flags, config };
}

/** The largest number that all steps from one packet to the next are a multiple of; at least 1. */
function commonStep(pts: Float64Array): number {
  let common = 0;
  for (let at = 1; at < pts.length && common !== 1; at++) {
    let rest = Math.abs((pts[at] as number) - (pts[at - 1] as number));
    while (rest !== 0) [common, rest] = [rest, common % rest];
  }
  return Math.max(1, common);
}

function writeRuns(writer: ColumnWriter, column: ArrayLike<number>, count: number): void {
  for (let at = 0; at < count; ) {
    let end = at + 1;
    while (end < count && column[end] === column[at]) end += 1;
    writer.unsigned(column[at] as number);
    writer.unsigned(end - at);
    at = end;
  }
}

function readRuns<Column extends Float64Array | Uint8Array | Uint16Array>(
  reader: ColumnReader,
  column: Column,
  below = Number.POSITIVE_INFINITY,
): Column {
  const count = column.length;
  for (let at = 0; at < count; ) {
    const value = reader.unsigned();
    const run = reader.unsigned();
    if (run === 0 || at + run > count || value >= below) {
      const message = "The video index holds a run of packets that it cannot have.";
      throw new MillraceError("CORRUPT_INPUT", message);
    }
    column.fill(value, at, at + run);
    at += run;
  }
  return column;
}

function writeList(writer: ColumnWriter, list: Uint32Array): void {
  writer.unsigned(list.length);
  let last = 0;
  for (const value of list) {
    writer.unsigned(value - last);
    last = value;
  }
}

function readList(reader: ColumnReader): Uint32Array {
  const count = reader.unsigned();
  if (count > reader.left) {
    throw new MillraceError("CORRUPT_INPUT", "The video index claims more keys than it holds.");
  }
  const list = new Uint32Array(count);
  let last = 0;
  for (let at = 0; at < count; at++) {
    last += reader.unsigned();
    list[at] = last;
  }
  return list;
}
