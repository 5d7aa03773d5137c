import { MillraceError } from "@millrace/core/web";
import type { Rational } from "@millrace/media";
import { type ByteWindow, byteWindow } from "../../bytes/byte-reader.ts";
import type { ByteSource } from "../../bytes/byte-source.ts";
import { checkTrackCount } from "../packet-limits.ts";
import { PacketFlag, type PacketTableBuilder, packetTableBuilder } from "../packet-table.ts";
import type { ContainerContents } from "../video-track.ts";
import { childOf, type Element, elementAt, elementsIn, unsignedOf, variableInt } from "./ebml.ts";
import { type MatroskaTrack, readTrackEntry } from "./track-entry.ts";

const ID = {
  header: 0x1a45dfa3,
  segment: 0x18538067,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  tracks: 0x1654ae6b,
  trackEntry: 0xae,
  cluster: 0x1f43b675,
  timestamp: 0xe7,
  simpleBlock: 0xa3,
  blockGroup: 0xa0,
  block: 0xa1,
  reference: 0xfb,
  duration: 0x9b,
};
const PIECE = 256 * 1024;
/** Bytes of the headers of a segment that are taken into memory. */
const HEADER_LIMIT = 64 * 2 ** 20;
const NANOSECONDS = 1e9;
const DEFAULT_SCALE = 1e6;
const LACING = 0x06;
const KEY = 0x80;
const INVISIBLE = 0x08;

interface OpenTrack {
  readonly track: MatroskaTrack;
  readonly packets: PacketTableBuilder;
}

interface Reading {
  readonly source: ByteSource;
  readonly window: ByteWindow;
  readonly tracks: Map<number, OpenTrack>;
  readonly warnings: Set<string>;
  readonly signal: AbortSignal | undefined;
  scale: number;
}

/**
 * The video tracks of a Matroska or WebM file (RFC 9559), from the heads of its blocks: its payloads are passed over
 * where they are large. Needs no cues, and reads files whose writer did not know sizes.
 *
 * @throws MillraceError CORRUPT_INPUT when there are no tracks, UNSUPPORTED as `readTrackEntry`
 */
export async function readMatroska(
  source: ByteSource,
  signal?: AbortSignal,
): Promise<ContainerContents> {
  const window = byteWindow(source, PIECE, signal);
  const reading: Reading = {
    source,
    window,
    tracks: new Map(),
    warnings: new Set(),
    signal,
    scale: DEFAULT_SCALE,
  };
  const end = source.sizeBytes;
  for (let at = 0; at < end; ) {
    const element = await elementAt(window, at, end);
    if (element === undefined) break;
    const elementEnd = element.end ?? end;
    if (element.id === ID.segment)
      await readSegment(reading, element.start, Math.min(elementEnd, end));
    at = Math.max(elementEnd, at + 1);
  }
  const { tracks, warnings, scale } = reading;
  const timeBase = reduced(scale);
  return {
    container: "matroska",
    warnings: [...warnings],
    tracks: [...tracks.values()].map(({ track, packets }) => {
      const { number, config, displayWidth, displayHeight, rotation, colorSpace, framing } = track;
      const own = { id: number, displayWidth, displayHeight, rotation, colorSpace, framing };
      return {
        ...own,
        container: "matroska",
        timeBase,
        configs: [config],
        packets: packets.build(),
      };
    }),
  };
}

function reduced(scale: number): Rational {
  let [num, den] = [scale, NANOSECONDS];
  while (den !== 0) [num, den] = [den, num % den];
  return { num: scale / num, den: NANOSECONDS / num };
}

async function readSegment(reading: Reading, start: number, end: number): Promise<void> {
  for (let at = start; at < end; ) {
    const element = await elementAt(reading.window, at, end);
    if (element === undefined) return;
    const elementEnd = element.end ?? end;
    if (elementEnd > end) {
      reading.warnings.add(`The file ends ${elementEnd - end} bytes inside an element.`);
    }
    if (element.id === ID.info) {
      const info = await load(reading, element);
      reading.scale = unsignedOf(childOf(info, ID.timestampScale)) || DEFAULT_SCALE;
    } else if (element.id === ID.tracks) await readTracks(reading, element);
    if (element.id !== ID.cluster) at = elementEnd;
    else at = await readCluster(reading, element.start, element.end, end);
  }
}

async function load({ source, signal }: Reading, { start, end }: Element): Promise<DataView> {
  const length = Math.min(end ?? 0, source.sizeBytes) - start;
  if (end === undefined || length > HEADER_LIMIT) {
    throw new MillraceError(
      "LIMIT_EXCEEDED",
      `${source.name}: a header of its segment is larger than ${HEADER_LIMIT} bytes, or does not say how large it is.`,
    );
  }
  const bytes = await source.read(start, length, signal ? { signal } : {});
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

async function readTracks(reading: Reading, element: Element): Promise<void> {
  // A second list, as some writers repeat it, says nothing new.
  if (reading.tracks.size > 0) return;
  for (const { id, body } of elementsIn(await load(reading, element))) {
    if (id !== ID.trackEntry) continue;
    const track = readTrackEntry(body, reading.source.name);
    if (track === undefined) continue;
    reading.tracks.set(track.number, { track, packets: packetTableBuilder() });
    checkTrackCount(reading.tracks.size, reading.source.name);
  }
}

/** Ids that may stand in a segment, and so end a cluster whose size is not known. */
const TOP_LEVEL = new Set([
  ID.cluster,
  ID.info,
  ID.tracks,
  0x1c53bb6b,
  0x114d9b74,
  0x1254c367,
  0x1941a469,
  0x1043a770,
]);

/** Returns where the cluster ends. */
async function readCluster(
  reading: Reading,
  start: number,
  known: number | undefined,
  limit: number,
): Promise<number> {
  const { window } = reading;
  const end = Math.min(known ?? limit, limit);
  let time = 0;
  for (let at = start; at < end; ) {
    const element = await elementAt(window, at, end);
    if (element === undefined) return end;
    if (known === undefined && TOP_LEVEL.has(element.id)) return at;
    const elementEnd = element.end ?? end;
    const { id, start: body } = element;
    if (id === ID.timestamp) {
      const view = await window.at(body, Math.min(8, elementEnd - body));
      time = unsignedOf(view) ?? 0;
    } else if (id === ID.simpleBlock) {
      await addBlock(reading, body, elementEnd, time, undefined);
    } else if (id === ID.blockGroup) await readGroup(reading, body, elementEnd, time);
    at = elementEnd;
  }
  return known ?? end;
}

async function readGroup(
  reading: Reading,
  start: number,
  end: number,
  time: number,
): Promise<void> {
  let block: Element | undefined;
  let key = true;
  let duration: number | undefined;
  const limit = Math.min(end, reading.source.sizeBytes);
  for (let at = start; at < limit; ) {
    const element = await elementAt(reading.window, at, limit);
    if (element === undefined) break;
    if (element.id === ID.block) block = element;
    else if (element.id === ID.reference) key = false;
    else if (element.id === ID.duration) {
      const length = (element.end ?? 0) - element.start;
      const isNumber = length >= 0 && length <= 8;
      duration = isNumber ? unsignedOf(await reading.window.at(element.start, length)) : undefined;
    }
    at = element.end ?? limit;
  }
  if (block !== undefined)
    await addBlock(reading, block.start, block.end ?? end, time, key, duration);
}

/** @param key - what the group says; a simple block says it itself */
async function addBlock(
  { source, window, tracks, scale, warnings }: Reading,
  start: number,
  end: number,
  time: number,
  key: boolean | undefined,
  duration?: number,
): Promise<void> {
  const head = await window.at(start, Math.min(16, Math.min(end, source.sizeBytes) - start));
  const number = head && variableInt(head, 0);
  if (head === undefined || number === undefined || number.bytes + 3 > head.byteLength) return;
  const open = tracks.get(number.value ?? 0);
  if (open === undefined) return;
  const { track, packets } = open;
  const flags = head.getUint8(number.bytes + 2);
  if ((flags & LACING) !== 0) {
    warnings.add("A block of the video track holds several frames, which is not read.");
    return;
  }
  const header = number.bytes + 3;
  const first = header < head.byteLength ? head.getUint8(header) : 0;
  // RFC 6386, 9.1: bit 4 of a VP8 frame says whether it is shown.
  const hidden =
    (flags & INVISIBLE) !== 0 || (track.config.family === "vp8" && (first & 0x10) === 0);
  packets.add({
    pts: time + head.getInt16(number.bytes),
    duration: duration ?? Math.round(track.frameNanoseconds / scale),
    offset: start + header,
    size: Math.max(0, end - start - header),
    flags:
      ((key ?? (flags & KEY) !== 0) ? PacketFlag.key : 0) |
      (hidden ? PacketFlag.hidden : 0) |
      (end > source.sizeBytes ? PacketFlag.cut : 0),
  });
}
