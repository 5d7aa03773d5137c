import type { VideoCodec, VideoDecoderConfig } from "@millrace/media";
import { readH264Sequence } from "../../bitstream/h264-sps.ts";
import { readHevcSequence } from "../../bitstream/hevc-sps.ts";
import { nalUnits } from "../../bitstream/nal-units.ts";
import { randomAccessOf } from "../../bitstream/random-access.ts";
import type { SequenceInfo } from "../../bitstream/sequence.ts";
import { PacketFlag, type PacketTable, packetTableBuilder } from "../packet-table.ts";
import { readPesHeader, unwrapped } from "./pes-header.ts";

/** As much of an access unit as is looked at for parameter sets and the kind of its picture. */
const HEAD = 8192;

/** The access units of one stream, while its transport packets are passed. */
export interface AccessUnits {
  readonly pid: number;
  /** A packet of the stream begins here, and with it an access unit. */
  begin(offset: number, randomAccess: boolean): void;
  /** The payload of a packet, and where the packet ends. */
  add(payload: Uint8Array, end: number): void;
  finish(): {
    readonly packets: PacketTable;
    readonly configs: readonly VideoDecoderConfig[];
    readonly sequence: SequenceInfo | undefined;
  };
}

interface OpenUnit {
  readonly offset: number;
  readonly randomAccess: boolean;
  end: number;
  readonly head: Uint8Array;
  length: number;
}

/** Collects access units: one a PES packet, as all but a few multiplexers write them. */
export function accessUnits(pid: number, family: VideoCodec): AccessUnits {
  const builder = packetTableBuilder();
  const configs: VideoDecoderConfig[] = [];
  const head = new Uint8Array(HEAD);
  let open: OpenUnit | undefined;
  let lastDts: number | undefined;
  let sequence: SequenceInfo | undefined;

  const close = (): void => {
    if (open === undefined) return;
    const { offset, end, randomAccess, length } = open;
    open = undefined;
    const bytes = head.subarray(0, length);
    const header = readPesHeader(bytes);
    if (header === undefined) return;
    const unit = bytes.subarray(header.payload);
    const found = sequenceIn(family, unit);
    if (found !== undefined) {
      sequence ??= found;
      const known = configs.at(-1);
      if (known?.codedWidth !== found.width || known.codedHeight !== found.height) {
        const { codec, width, height } = found;
        configs.push({ codec, family, codedWidth: width, codedHeight: height });
      }
    }
    const access = randomAccessOf({ codec: "", family, codedWidth: 0, codedHeight: 0 }, unit);
    const estimated = header.pts === undefined;
    // Without a time, one tick behind the packet before, so that the order stays that of decoding.
    const dts = header.dts === undefined ? (lastDts ?? -1) + 1 : unwrapped(header.dts, lastDts);
    const pts = header.pts === undefined ? dts : unwrapped(header.pts, dts);
    lastDts = dts;
    builder.add({
      pts,
      duration: 0,
      offset,
      size: end - offset,
      flags:
        (access.kind !== "none" || (randomAccess && unit.length >= HEAD - 64)
          ? PacketFlag.key
          : 0) | (estimated ? PacketFlag.estimated : 0),
      config: Math.max(0, configs.length - 1),
    });
  };
  return {
    pid,
    begin(offset, randomAccess) {
      close();
      open = { offset, randomAccess, end: offset, head, length: 0 };
    },
    add(payload, end) {
      if (open === undefined) return;
      const room = Math.min(payload.length, HEAD - open.length);
      head.set(payload.subarray(0, room), open.length);
      open.length += room;
      open.end = end;
    },
    finish() {
      close();
      if (configs.length === 0)
        configs.push({ codec: family, family, codedWidth: 0, codedHeight: 0 });
      return { packets: builder.build(), configs, sequence };
    },
  };
}

function sequenceIn(family: VideoCodec, unit: Uint8Array): SequenceInfo | undefined {
  if (family === "mpeg2video") return mpeg2Sequence(unit);
  if (family !== "h264" && family !== "hevc") return undefined;
  for (const nal of nalUnits(unit, { family })) {
    const first = nal[0] as number;
    if (family === "h264" && (first & 0x1f) === 7) return readH264Sequence(nal);
    if (family === "hevc" && ((first >> 1) & 0x3f) === 33) return readHevcSequence(nal);
  }
  return undefined;
}

/** ISO/IEC 13818-2, 6.2.2.1. */
function mpeg2Sequence(unit: Uint8Array): SequenceInfo | undefined {
  for (let at = 0; at + 8 < unit.length; at++) {
    if (unit[at] !== 0 || unit[at + 1] !== 0 || unit[at + 2] !== 1 || unit[at + 3] !== 0xb3)
      continue;
    const [a, b, c] = [unit[at + 4], unit[at + 5], unit[at + 6]] as [number, number, number];
    const [width, height] = [(a << 4) | (b >> 4), ((b & 15) << 8) | c];
    return { codec: "mpeg2video", width, height, colorSpace: {}, pixelAspect: 1 };
  }
  return undefined;
}
