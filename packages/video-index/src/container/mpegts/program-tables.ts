import type { VideoCodec } from "@millrace/media";

/** Video codecs by stream type (ISO/IEC 13818-1, table 2-34). */
const STREAM_TYPES: Readonly<Record<number, VideoCodec>> = {
  1: "mpeg2video",
  2: "mpeg2video",
  16: "mpeg4",
  27: "h264",
  36: "hevc",
};

/** A stream of a program. */
export interface ElementaryStream {
  readonly pid: number;
  readonly family: VideoCodec;
}

/** The pids of the program map tables, from a program association table (2.4.4.3), with its pointer field. */
export function readProgramAssociation(payload: Uint8Array): readonly number[] {
  const section = sectionOf(payload, 0);
  const pids: number[] = [];
  for (let at = 8; section !== undefined && at + 4 <= section.length - 4; at += 4) {
    const program = ((section[at] as number) << 8) | (section[at + 1] as number);
    if (program !== 0) pids.push(pidAt(section, at + 2));
  }
  return pids;
}

/** The video streams of a program, from its map table (2.4.4.8), with its pointer field. */
export function readProgramMap(payload: Uint8Array): readonly ElementaryStream[] {
  const section = sectionOf(payload, 2);
  if (section === undefined || section.length < 16) return [];
  const streams: ElementaryStream[] = [];
  const infoBytes = pidAt(section, 10) & 0xfff;
  for (let at = 12 + infoBytes; at + 5 <= section.length - 4; ) {
    const family = STREAM_TYPES[section[at] as number];
    if (family !== undefined) streams.push({ pid: pidAt(section, at + 1), family });
    at += 5 + (pidAt(section, at + 3) & 0xfff);
  }
  return streams;
}

/** A section with its header, cut to the length that it claims; undefined for another table. */
function sectionOf(payload: Uint8Array, table: number): Uint8Array | undefined {
  const start = 1 + (payload[0] ?? 0);
  if (start + 3 > payload.length || payload[start] !== table) return undefined;
  const length = pidAt(payload, start + 1) & 0xfff;
  return payload.subarray(start, Math.min(start + 3 + length, payload.length));
}

function pidAt(bytes: Uint8Array, at: number): number {
  return (((bytes[at] ?? 0) & 0x1f) << 8) | (bytes[at + 1] ?? 0);
}
