import type { AlikePackets } from "../packet-limits.ts";
import { PacketFlag, type PacketTableBuilder } from "../packet-table.ts";
import { boxesIn, findBox } from "./boxes.ts";

/** What a movie says of the fragments of one track, in its `trex` box. */
export interface FragmentDefaults {
  readonly duration: number;
  readonly size: number;
  readonly flags: number;
}

/** One track while its fragments are read. */
export interface FragmentedTrack {
  readonly id: number;
  readonly defaults: FragmentDefaults;
  readonly packets: PacketTableBuilder;
  /** Decoding time behind the last packet, for fragments that do not say theirs. */
  nextDts: number;
}

// ISO/IEC 14496-12, 8.8.7 and 8.8.8.
const TFHD = { base: 0x1, entry: 0x2, duration: 0x8, size: 0x10, flags: 0x20, fromMoof: 0x20000 };
const TRUN = {
  offset: 0x1,
  firstFlags: 0x4,
  duration: 0x100,
  size: 0x200,
  flags: 0x400,
  composition: 0x800,
};
const NOT_SYNC = 0x10000;

/** The defaults of each track of a `mvex` box, by track. */
export function readFragmentDefaults(moov: DataView): ReadonlyMap<number, FragmentDefaults> {
  const defaults = new Map<number, FragmentDefaults>();
  const mvex = findBox(moov, "mvex");
  for (const { type, body } of mvex === undefined ? [] : boxesIn(mvex)) {
    if (type !== "trex" || body.byteLength < 24) continue;
    defaults.set(body.getUint32(4), {
      duration: body.getUint32(12),
      size: body.getUint32(16),
      flags: body.getUint32(20),
    });
  }
  return defaults;
}

/**
 * Adds the packets of one `moof` box to their tracks.
 *
 * @param moofOffset - where the box begins in the source
 */
export function readFragment(
  moof: DataView,
  moofOffset: number,
  sourceBytes: number,
  tracks: ReadonlyMap<number, FragmentedTrack>,
  alike: AlikePackets,
): void {
  for (const { type, body } of boxesIn(moof)) {
    if (type !== "traf") continue;
    const tfhd = findBox(body, "tfhd");
    if (tfhd === undefined || tfhd.byteLength < 8) continue;
    const track = tracks.get(tfhd.getUint32(4));
    if (track === undefined) continue;
    const header = readHeader(tfhd, moofOffset, track.defaults);
    const tfdt = findBox(body, "tfdt");
    if (tfdt !== undefined && tfdt.byteLength >= 8) {
      const long = tfdt.getUint8(0) === 1 && tfdt.byteLength >= 12;
      track.nextDts = long ? Number(tfdt.getBigUint64(4)) : tfdt.getUint32(4);
    }
    let end = header.base;
    for (const run of boxesIn(body)) {
      if (run.type === "trun") end = addRun(run.body, header, end, sourceBytes, track, alike);
    }
  }
}

interface FragmentHeader extends FragmentDefaults {
  readonly base: number;
}

function readHeader(
  tfhd: DataView,
  moofOffset: number,
  defaults: FragmentDefaults,
): FragmentHeader {
  const present = tfhd.getUint32(0) & 0xffffff;
  let at = 8;
  const has = (flag: number, size: number): boolean =>
    (present & flag) !== 0 && at + size <= tfhd.byteLength;
  let base = moofOffset;
  if (has(TFHD.base, 8)) {
    base = Number(tfhd.getBigUint64(at));
    at += 8;
  }
  if (has(TFHD.entry, 4)) at += 4;
  const next = (flag: number, otherwise: number): number => {
    if (!has(flag, 4)) return otherwise;
    at += 4;
    return tfhd.getUint32(at - 4);
  };
  return {
    base,
    duration: next(TFHD.duration, defaults.duration),
    size: next(TFHD.size, defaults.size),
    flags: next(TFHD.flags, defaults.flags),
  };
}

/** Returns where the data of the run ends. */
function addRun(
  trun: DataView,
  header: FragmentHeader,
  dataEnd: number,
  sourceBytes: number,
  track: FragmentedTrack,
  alike: AlikePackets,
): number {
  if (trun.byteLength < 8) return dataEnd;
  const present = trun.getUint32(0) & 0xffffff;
  let at = 8;
  let offset = dataEnd;
  if ((present & TRUN.offset) !== 0 && at + 4 <= trun.byteLength) {
    offset = header.base + trun.getInt32(at);
    at += 4;
  }
  let firstFlags: number | undefined;
  if ((present & TRUN.firstFlags) !== 0 && at + 4 <= trun.byteLength) {
    firstFlags = trun.getUint32(at);
    at += 4;
  }
  const columns = [TRUN.duration, TRUN.size, TRUN.flags, TRUN.composition].map(
    (flag) => (present & flag) !== 0,
  );
  const entryBytes = columns.filter(Boolean).length * 4;
  const claimed = trun.getUint32(4);
  // A run of samples that are all alike takes no room in the box, so it is held against the source.
  const count =
    entryBytes > 0
      ? Math.min(claimed, Math.floor((trun.byteLength - at) / entryBytes))
      : alike.take(claimed, header.size);
  for (let index = 0; index < count; index++) {
    const [hasDuration, hasSize, hasFlags, hasComposition] = columns;
    const next = (has: boolean | undefined, otherwise: number): number => {
      if (!has) return otherwise;
      at += 4;
      return trun.getUint32(at - 4);
    };
    const duration = next(hasDuration, header.duration);
    const size = next(hasSize, header.size);
    const plainFlags = next(hasFlags, header.flags);
    const flags = index === 0 ? (firstFlags ?? plainFlags) : plainFlags;
    const composition = next(hasComposition, 0) | 0;
    track.packets.add({
      pts: track.nextDts + composition,
      duration,
      offset,
      size,
      flags:
        ((flags & NOT_SYNC) === 0 ? PacketFlag.key : 0) |
        (offset + size > sourceBytes ? PacketFlag.cut : 0),
    });
    track.nextDts += duration;
    offset += size;
  }
  return offset;
}
