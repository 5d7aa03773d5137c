import { MillraceError } from "@millrace/core/web";
import type { Rotation } from "@millrace/media";
import { byteWindow } from "../../bytes/byte-reader.ts";
import type { ByteSource } from "../../bytes/byte-source.ts";
import { type AlikePackets, alikePackets, checkTrackCount } from "../packet-limits.ts";
import { type PacketTable, packetTableBuilder } from "../packet-table.ts";
import type { ContainerContents, VideoTrack } from "../video-track.ts";
import { boxesIn, findBox, fourCharacters } from "./boxes.ts";
import { applyEdits, type Edit } from "./edit-list.ts";
import { type FragmentedTrack, readFragment, readFragmentDefaults } from "./fragments.ts";
import { readSampleEntries, type SampleEntry } from "./sample-entry.ts";
import { readSampleTable } from "./sample-table.ts";

/** Bytes of one index box that are taken into memory: 40 hours of 60 frames a second need a third of it. */
const INDEX_LIMIT = 512 * 2 ** 20;
const PIECE = 64 * 1024;
/** A fragment with a track in it has three boxes at least. */
const SMALLEST_MOOF = 24;

interface TopLevelBox {
  readonly type: string;
  readonly offset: number;
  readonly header: number;
  readonly size: number;
}

/** A track of the `moov` box, before fragments are added. */
interface MovieTrack {
  readonly id: number;
  readonly trak: DataView;
  readonly timescale: number;
  readonly entries: readonly SampleEntry[];
  readonly packets: PacketTable;
}

/**
 * The video tracks of an MP4 or QuickTime file, from its tables alone (ISO/IEC 14496-12): the `moov` box, wherever
 * it is, and the `moof` boxes of a fragmented file. No packet is read.
 *
 * @throws MillraceError CORRUPT_INPUT when there is no `moov` box, LIMIT_EXCEEDED when it is larger than 512 MiB or
 * claims more than a video has
 */
export async function readMp4(
  source: ByteSource,
  signal?: AbortSignal,
): Promise<ContainerContents> {
  const { name, sizeBytes } = source;
  const load = async ({ type, offset, header, size }: TopLevelBox): Promise<DataView> => {
    const length = Math.min(offset + size, sizeBytes) - offset - header;
    if (length > INDEX_LIMIT) {
      throw new MillraceError(
        "LIMIT_EXCEEDED",
        `${name}: its ${type} box has ${length} bytes; more than ${INDEX_LIMIT} are not read.`,
      );
    }
    const bytes = await source.read(offset + header, length, signal ? { signal } : {});
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  const boxes: TopLevelBox[] = [];
  const warnings: string[] = [];
  for await (const box of topLevelBoxes(source, signal)) {
    // Of the others there may be millions.
    if (box.type === "moov" || (box.type === "moof" && box.size > SMALLEST_MOOF)) boxes.push(box);
    if (box.offset + box.size > sizeBytes) {
      warnings.push(
        `The file ends ${box.offset + box.size - sizeBytes} bytes inside its ${box.type} box.`,
      );
    }
  }
  const moovBox = boxes.find(({ type }) => type === "moov");
  if (moovBox === undefined) {
    throw new MillraceError(
      "CORRUPT_INPUT",
      `${name} has no moov box, without which the packets of an MP4 file cannot be found. The recording was probably cut off before it was finished.`,
    );
  }
  const moov = await load(moovBox);
  const alike = alikePackets(sizeBytes);
  const tracks = movieTracks(moov, name, sizeBytes, alike);
  const fragments = boxes.filter(({ type }) => type === "moof");
  const fragmented = fragmentedTracks(moov, tracks);
  for (const box of fragments) {
    readFragment(await load(box), box.offset, sizeBytes, fragmented, alike);
  }
  const movieScale = readTimescale(findBox(moov, "mvhd")) ?? 1;
  return {
    container: "mp4",
    warnings,
    tracks: tracks.map((track) => {
      const added = fragmented.get(track.id)?.packets.build();
      const media = added === undefined ? track.packets : joined(track.packets, added);
      const edits = readEdits(track.trak, movieScale, track.timescale, fragments.length > 0);
      return videoTrack(track, applyEdits(media, edits, name));
    }),
  };
}

async function* topLevelBoxes(
  source: ByteSource,
  signal?: AbortSignal,
): AsyncGenerator<TopLevelBox, void> {
  const window = byteWindow(source, PIECE, signal);
  for (let offset = 0; ; ) {
    const head = await window.at(offset, 8);
    if (head === undefined) return;
    let size = head.getUint32(0);
    let header = 8;
    if (size === 1) {
      const long = await window.at(offset + 8, 8);
      if (long === undefined) return;
      size = Number(long.getBigUint64(0));
      header = 16;
    } else if (size === 0) size = source.sizeBytes - offset;
    if (size < header) return;
    yield { type: fourCharacters(head, 4), offset, header, size };
    offset += size;
  }
}

function movieTracks(
  moov: DataView,
  name: string,
  sourceBytes: number,
  alike: AlikePackets,
): readonly MovieTrack[] {
  const tracks: MovieTrack[] = [];
  for (const { type, body: trak } of boxesIn(moov)) {
    if (type !== "trak") continue;
    const handler = findBox(trak, "mdia", "hdlr");
    if (handler === undefined || handler.byteLength < 12) continue;
    if (fourCharacters(handler, 8) !== "vide") continue;
    const stbl = findBox(trak, "mdia", "minf", "stbl");
    const stsd = stbl && findBox(stbl, "stsd");
    const timescale = readTimescale(findBox(trak, "mdia", "mdhd"));
    if (stbl === undefined || stsd === undefined || timescale === undefined) continue;
    const tkhd = findBox(trak, "tkhd");
    const idAt = tkhd?.getUint8(0) === 1 ? 20 : 12;
    tracks.push({
      id: tkhd !== undefined && tkhd.byteLength >= idAt + 4 ? tkhd.getUint32(idAt) : 0,
      trak,
      timescale,
      entries: readSampleEntries(stsd, name),
      packets: readSampleTable(stbl, sourceBytes, alike).packets,
    });
    checkTrackCount(tracks.length, name);
  }
  return tracks;
}

function fragmentedTracks(
  moov: DataView,
  tracks: readonly MovieTrack[],
): ReadonlyMap<number, FragmentedTrack> {
  const defaults = readFragmentDefaults(moov);
  return new Map(
    tracks
      .filter(({ id }) => defaults.has(id))
      .map(({ id }) => {
        const known = defaults.get(id) ?? { duration: 0, size: 0, flags: 0 };
        return [id, { id, defaults: known, packets: packetTableBuilder(), nextDts: 0 }];
      }),
  );
}

function joined(first: PacketTable, second: PacketTable): PacketTable {
  if (first.count === 0) return second;
  const both = packetTableBuilder(first.count + second.count);
  for (const table of [first, second]) {
    for (let at = 0; at < table.count; at++) {
      both.add({
        pts: table.pts[at] as number,
        duration: table.duration[at] as number,
        offset: table.offset[at] as number,
        size: table.size[at] as number,
        flags: table.flags[at] as number,
      });
    }
  }
  return both.build();
}

function readTimescale(header: DataView | undefined): number | undefined {
  if (header === undefined || header.byteLength < 20) return undefined;
  const at = header.getUint8(0) === 1 ? 20 : 12;
  const timescale = at + 4 <= header.byteLength ? header.getUint32(at) : 0;
  return timescale === 0 ? undefined : timescale;
}

function readEdits(
  trak: DataView,
  movieScale: number,
  mediaScale: number,
  fragmented: boolean,
): readonly Edit[] {
  const elst = findBox(trak, "edts", "elst");
  if (elst === undefined || elst.byteLength < 8) return [];
  const long = elst.getUint8(0) === 1;
  const entryBytes = long ? 20 : 12;
  const count = Math.min(elst.getUint32(4), Math.floor((elst.byteLength - 8) / entryBytes));
  const edits: Edit[] = [];
  for (let index = 0; index < count; index++) {
    const at = 8 + index * entryBytes;
    const length = long ? Number(elst.getBigUint64(at)) : elst.getUint32(at);
    const mediaTime = long ? Number(elst.getBigInt64(at + 8)) : elst.getInt32(at + 4);
    const ticks = Math.round((length * mediaScale) / movieScale);
    const media = mediaTime === -1 ? undefined : mediaTime;
    // A fragmented movie does not know how long it will be when it writes its header.
    const open = media !== undefined && (length === 0 || fragmented);
    edits.push({ duration: open ? Number.POSITIVE_INFINITY : ticks, mediaTime: media });
  }
  return edits;
}

function videoTrack(
  { id, trak, timescale, entries }: MovieTrack,
  packets: PacketTable,
): VideoTrack {
  const [{ config, colorSpace, pixelAspect }] = entries as readonly [SampleEntry];
  return {
    id,
    container: "mp4",
    timeBase: { num: 1, den: timescale },
    configs: entries.map((entry) => entry.config),
    displayWidth: Math.max(1, Math.round(config.codedWidth * pixelAspect)),
    displayHeight: config.codedHeight,
    rotation: readRotation(findBox(trak, "tkhd")),
    colorSpace,
    framing: { kind: "plain" },
    packets,
  };
}

/** From the first column of the matrix, which is where the picture's right goes to. */
function readRotation(tkhd: DataView | undefined): Rotation {
  const at = tkhd?.getUint8(0) === 1 ? 52 : 40;
  if (tkhd === undefined || tkhd.byteLength < at + 8) return 0;
  const [x, y] = [Math.sign(tkhd.getInt32(at)), Math.sign(tkhd.getInt32(at + 4))];
  if (x === 0) return y > 0 ? 90 : y < 0 ? 270 : 0;
  return x < 0 ? 180 : 0;
}
