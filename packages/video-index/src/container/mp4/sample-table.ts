import type { AlikePackets } from "../packet-limits.ts";
import { PacketFlag, type PacketTable, packetTableBuilder } from "../packet-table.ts";
import { findBox } from "./boxes.ts";

/** A run-length table: how often, and what. */
interface Runs {
  readonly next: () => number;
}

/**
 * The packets of a track as its sample tables have them (ISO/IEC 14496-12, 8.6 and 8.7), in ticks of the media
 * before the edit list.
 *
 * Counts are held against the bytes that are there: a table cannot make more packets than it has room to name, or,
 * where all samples have one size, than are left to `alike`.
 *
 * @param sourceBytes - the size of the source; packets beyond it are flagged `cut`
 */
export function readSampleTable(
  stbl: DataView,
  sourceBytes: number,
  alike: AlikePackets,
): { readonly packets: PacketTable; readonly hasSyncTable: boolean } {
  const sizes = sampleSizes(findBox(stbl, "stsz"), findBox(stbl, "stz2"), alike);
  const offsets = chunkOffsets(findBox(stbl, "stco"), findBox(stbl, "co64"));
  const perChunk = samplesPerChunk(findBox(stbl, "stsc"));
  const durations = runs(findBox(stbl, "stts"), (view, at) => view.getUint32(at));
  // Version 0 says unsigned, but files with negative offsets in it are about, and FFmpeg reads them so.
  const compositions = runs(findBox(stbl, "ctts"), (view, at) => view.getInt32(at));
  const sync = syncSamples(findBox(stbl, "stss"));
  const builder = packetTableBuilder(sizes.count);
  let dts = 0;
  let inSync = 0;
  let sample = 0;
  for (let chunk = 0; chunk < offsets.count && sample < sizes.count; chunk++) {
    let offset = offsets.at(chunk);
    for (let left = perChunk(chunk); left > 0 && sample < sizes.count; left--, sample++) {
      const size = sizes.at(sample);
      const duration = durations?.next() ?? 0;
      let flags = 0;
      if (sync === undefined) flags = PacketFlag.key;
      else if (sync[inSync] === sample + 1) {
        flags = PacketFlag.key;
        inSync += 1;
      }
      if (offset + size > sourceBytes) flags |= PacketFlag.cut;
      builder.add({ pts: dts + (compositions?.next() ?? 0), duration, offset, size, flags });
      dts += duration;
      offset += size;
    }
  }
  return { packets: builder.build(), hasSyncTable: sync !== undefined };
}

/** A column whose entries are looked up, never copied. */
interface Column {
  readonly count: number;
  at(index: number): number;
}

const NONE: Column = { count: 0, at: () => 0 };

function sampleSizes(
  stsz: DataView | undefined,
  stz2: DataView | undefined,
  alike: AlikePackets,
): Column {
  if (stsz !== undefined && stsz.byteLength >= 12) {
    const size = stsz.getUint32(4);
    const claimed = stsz.getUint32(8);
    if (size !== 0) {
      return { count: alike.take(claimed, size), at: () => size };
    }
    const count = Math.min(claimed, Math.floor((stsz.byteLength - 12) / 4));
    return { count, at: (index) => stsz.getUint32(12 + index * 4) };
  }
  if (stz2 === undefined || stz2.byteLength < 12) return NONE;
  const bits = stz2.getUint8(7);
  const count = Math.min(stz2.getUint32(8), Math.floor(((stz2.byteLength - 12) * 8) / (bits || 8)));
  if (bits === 16) return { count, at: (index) => stz2.getUint16(12 + index * 2) };
  if (bits === 8) return { count, at: (index) => stz2.getUint8(12 + index) };
  const nibble = (index: number): number => {
    const both = stz2.getUint8(12 + (index >> 1));
    return index % 2 === 0 ? both >> 4 : both & 15;
  };
  return bits === 4 ? { count, at: nibble } : NONE;
}

function chunkOffsets(stco: DataView | undefined, co64: DataView | undefined): Column {
  if (stco !== undefined && stco.byteLength >= 8) {
    const count = Math.min(stco.getUint32(4), Math.floor((stco.byteLength - 8) / 4));
    return { count, at: (index) => stco.getUint32(8 + index * 4) };
  }
  if (co64 === undefined || co64.byteLength < 8) return NONE;
  const count = Math.min(co64.getUint32(4), Math.floor((co64.byteLength - 8) / 8));
  return { count, at: (index) => Number(co64.getBigUint64(8 + index * 8)) };
}

/** How many samples each chunk holds; chunks are asked for in order. */
function samplesPerChunk(stsc: DataView | undefined): (chunk: number) => number {
  if (stsc === undefined || stsc.byteLength < 8) return () => 0;
  const count = Math.min(stsc.getUint32(4), Math.floor((stsc.byteLength - 8) / 12));
  let entry = -1;
  return (chunk) => {
    while (entry + 1 < count && stsc.getUint32(8 + (entry + 1) * 12) <= chunk + 1) entry += 1;
    return entry < 0 ? 0 : stsc.getUint32(8 + entry * 12 + 4);
  };
}

function runs(
  box: DataView | undefined,
  value: (view: DataView, at: number) => number,
): Runs | undefined {
  if (box === undefined || box.byteLength < 8) return undefined;
  const count = Math.min(box.getUint32(4), Math.floor((box.byteLength - 8) / 8));
  let entry = 0;
  let used = 0;
  let current = 0;
  return {
    next() {
      while (entry < count && used >= box.getUint32(8 + entry * 8)) {
        entry += 1;
        used = 0;
      }
      // Behind its end the last value goes on.
      if (entry < count && used === 0) current = value(box, 8 + entry * 8 + 4);
      used += 1;
      return current;
    },
  };
}

/** Numbers of the samples at which decoding may begin, from 1; undefined where that is all of them. */
function syncSamples(stss: DataView | undefined): Uint32Array | undefined {
  if (stss === undefined || stss.byteLength < 8) return undefined;
  const count = Math.min(stss.getUint32(4), Math.floor((stss.byteLength - 8) / 4));
  const samples = new Uint32Array(count);
  for (let index = 0; index < count; index++) samples[index] = stss.getUint32(8 + index * 4);
  return samples.sort();
}
