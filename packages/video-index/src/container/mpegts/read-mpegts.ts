import type { ByteSource } from "../../bytes/byte-source.ts";
import { checkTrackCount } from "../packet-limits.ts";
import type { ContainerContents, VideoTrack } from "../video-track.ts";
import { type AccessUnits, accessUnits } from "./access-units.ts";
import { readProgramAssociation, readProgramMap } from "./program-tables.ts";

const PACKET = 188;
const SYNC = 0x47;
const PIECE = 2 ** 20;
const CLOCK = { num: 1, den: 90_000 };

/** How packets lie in the stream. */
export interface TransportShape {
  /** 188, 192 (with a time before each, as on Blu-ray) or 204 (with parity behind). */
  readonly packetBytes: number;
  /** Bytes of a packet before its sync byte. */
  readonly skip: number;
}

const SHAPES: readonly TransportShape[] = [
  { packetBytes: 188, skip: 0 },
  { packetBytes: 192, skip: 4 },
  { packetBytes: 204, skip: 0 },
];

/** How packets lie, from the first bytes of a stream; undefined where it is none. */
export function transportShape(head: DataView): TransportShape | undefined {
  return SHAPES.find(({ packetBytes, skip }) => {
    const packets = Math.min(5, Math.floor(head.byteLength / packetBytes));
    if (packets < 1) return false;
    for (let packet = 0; packet < packets; packet++) {
      if (head.getUint8(packet * packetBytes + skip) !== SYNC) return false;
    }
    return true;
  });
}

/**
 * The video tracks of an MPEG transport stream (ISO/IEC 13818-1), by a walk over all of it: it has no index.
 *
 * Where packets are out of step, as where a recording was cut, it goes on at the next sync byte.
 */
export async function readMpegTs(
  source: ByteSource,
  signal?: AbortSignal,
): Promise<ContainerContents> {
  const { sizeBytes } = source;
  const options = signal ? { signal } : {};
  const first = await source.read(0, 5 * 204, options);
  const shape = transportShape(new DataView(first.buffer, first.byteOffset, first.length)) ?? {
    packetBytes: PACKET,
    skip: 0,
  };
  const { packetBytes, skip } = shape;
  const maps = new Set<number>();
  const units = new Map<number, AccessUnits>();
  let lost = 0;
  for (let offset = 0; offset < sizeBytes; ) {
    const bytes = await source.read(offset, PIECE, options);
    let at = 0;
    while (at + skip + PACKET <= bytes.length) {
      if (bytes[at + skip] !== SYNC) {
        lost += 1;
        at += 1;
        continue;
      }
      readPacket(
        bytes.subarray(at + skip, at + skip + PACKET),
        offset + at,
        offset + at + packetBytes,
      );
      at += packetBytes;
    }
    // What is left is less than a packet; at the end of the source it is the rest of one that was cut off.
    offset += at > 0 ? at : bytes.length || sizeBytes;
  }

  function readPacket(packet: Uint8Array, start: number, end: number): void {
    const starts = ((packet[1] as number) & 0x40) !== 0;
    const pid = (((packet[1] as number) & 0x1f) << 8) | (packet[2] as number);
    const control = (packet[3] as number) >> 4;
    const adaptation = (control & 2) !== 0 ? 1 + (packet[4] as number) : 0;
    const payload = (control & 1) !== 0 ? packet.subarray(Math.min(PACKET, 4 + adaptation)) : EMPTY;
    if (pid === 0 && starts) for (const map of readProgramAssociation(payload)) maps.add(map);
    else if (maps.has(pid) && starts) {
      for (const { pid: stream, family } of readProgramMap(payload)) {
        if (!units.has(stream)) units.set(stream, accessUnits(stream, family));
        checkTrackCount(units.size, source.name);
      }
    }
    const stream = units.get(pid);
    if (stream === undefined || payload.length === 0) return;
    const randomAccess = adaptation > 1 && ((packet[5] as number) & 0x40) !== 0;
    if (starts) stream.begin(start, randomAccess);
    stream.add(payload, Math.min(end, sizeBytes));
  }

  const tracks = [...units.values()].map((stream) => videoTrack(stream, shape));
  return {
    container: "mpegts",
    warnings: lost > 0 ? [`${lost} bytes are not part of any packet.`] : [],
    tracks: tracks.filter(({ packets }) => packets.count > 0),
  };
}

const EMPTY = new Uint8Array(0);

function videoTrack(stream: AccessUnits, shape: TransportShape): VideoTrack {
  const { packets, configs, sequence } = stream.finish();
  const [config] = configs;
  const width = config?.codedWidth ?? 0;
  return {
    id: stream.pid,
    container: "mpegts",
    timeBase: CLOCK,
    configs,
    displayWidth: Math.round(width * (sequence?.pixelAspect ?? 1)),
    displayHeight: config?.codedHeight ?? 0,
    rotation: 0,
    colorSpace: sequence?.colorSpace ?? {},
    framing: { kind: "transport", pid: stream.pid, ...shape },
    packets,
  };
}
