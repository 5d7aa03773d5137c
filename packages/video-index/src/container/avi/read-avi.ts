import { MillraceError } from "@millrace/core/web";
import type { VideoDecoderConfig } from "@millrace/media";
import { byteWindow } from "../../bytes/byte-reader.ts";
import type { ByteSource } from "../../bytes/byte-source.ts";
import { codecString } from "../codec-string.ts";
import { bytesOf, fourCharacters, slice } from "../mp4/boxes.ts";
import { type OrderedPackets, orderedPackets } from "../ordered-packets.ts";
import { checkTrackCount } from "../packet-limits.ts";
import { videoCodecOf } from "../video-codec-of.ts";
import type { ContainerContents, VideoTrack } from "../video-track.ts";

const PIECE = 256 * 1024;
/** As much of a packet as holds the header of its first slice behind parameter sets and what encoders say of themselves. */
const HEAD = 4096;
const CHUNK = 8;
const HEADER_LIMIT = 2 ** 20;
/** Lists in lists: RIFF, movi, rec, and some to spare. */
const DEEPEST = 16;
const BITMAP_INFO = 40;

interface AviStream {
  readonly number: number;
  readonly config: VideoDecoderConfig;
  /** Frames a second as a fraction. */
  readonly scale: number;
  readonly rate: number;
  readonly packets: OrderedPackets;
}

interface Chunk {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  /** What a list holds. */
  readonly list: string;
}

/**
 * The video tracks of an AVI file (OpenDML too), by a walk over its chunks: an index at its end may be missing or cut
 * off. AVI has no times, so frames are counted, in the order in which the bitstream says they are shown.
 */
export async function readAvi(
  source: ByteSource,
  signal?: AbortSignal,
): Promise<ContainerContents> {
  const window = byteWindow(source, PIECE, signal);
  const streams = new Map<number, AviStream>();
  const warnings: string[] = [];
  let nextStream = 0;
  const { sizeBytes, name } = source;

  const chunkAt = async (at: number, limit: number): Promise<Chunk | undefined> => {
    const head = at + CHUNK > limit ? undefined : await window.at(at, CHUNK);
    if (head === undefined) return undefined;
    const type = fourCharacters(head, 0);
    const size = head.getUint32(4, true);
    const isList = (type === "RIFF" || type === "LIST") && size >= 4;
    const list = isList ? await window.at(at + CHUNK, 4) : undefined;
    const start = at + CHUNK + (list === undefined ? 0 : 4);
    return { type, start, end: at + CHUNK + size, list: list ? fourCharacters(list, 0) : "" };
  };
  const load = async ({ start, end }: Chunk): Promise<DataView> => {
    const bytes = await source.read(start, Math.min(end - start, HEADER_LIMIT));
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  const addPacket = async ({ type, start, end }: Chunk): Promise<void> => {
    const stream = /^\d\d(dc|db)$/.test(type) ? streams.get(Number(type.slice(0, 2))) : undefined;
    if (stream === undefined) return;
    if (end === start) {
      stream.packets.addRepeat();
      return;
    }
    const there = Math.max(0, Math.min(end, sizeBytes) - start);
    const head = there === 0 ? undefined : await window.at(start, Math.min(HEAD, there));
    if (end > sizeBytes) warnings.push(`The file ends ${end - sizeBytes} bytes inside a packet.`);
    stream.packets.add(
      start,
      end - start,
      head ? bytesOf(head) : new Uint8Array(0),
      end > sizeBytes,
    );
  };
  const walk = async (from: number, limit: number, depth: number): Promise<void> => {
    if (depth > DEEPEST) {
      throw new MillraceError(
        "CORRUPT_INPUT",
        `${name}: its lists lie in one another more than ${DEEPEST} deep, which no AVI file needs.`,
      );
    }
    for (let at = from; at < limit; ) {
      const chunk = await chunkAt(at, limit);
      if (chunk === undefined) return;
      if (chunk.list === "strl") {
        const number = nextStream++;
        const stream = readStream(await load(chunk), number, name);
        if (stream !== undefined) streams.set(number, stream);
        checkTrackCount(streams.size, name);
      } else if (chunk.list !== "") await walk(chunk.start, Math.min(chunk.end, limit), depth + 1);
      else await addPacket(chunk);
      // Chunks begin at even places.
      at = chunk.end + (chunk.end % 2);
    }
  };
  await walk(0, sizeBytes, 0);
  return { container: "avi", warnings, tracks: [...streams.values()].map(videoTrack) };
}

/** A `strl` list: what kind of stream it is, and how it is coded. */
function readStream(strl: DataView, number: number, name: string): AviStream | undefined {
  let header: DataView | undefined;
  let format: DataView | undefined;
  for (let at = 0; at + CHUNK <= strl.byteLength; ) {
    const type = fourCharacters(strl, at);
    const size = strl.getUint32(at + 4, true);
    const body = slice(strl, at + CHUNK, Math.min(at + CHUNK + size, strl.byteLength));
    if (type === "strh") header = body;
    else if (type === "strf") format = body;
    at += CHUNK + size + (size % 2);
  }
  if (header === undefined || format === undefined || header.byteLength < 28) return undefined;
  if (fourCharacters(header, 0) !== "vids" || format.byteLength < BITMAP_INFO) return undefined;
  const fourcc = fourCharacters(format, 16);
  const family = videoCodecOf(fourcc);
  if (family === undefined) {
    throw new MillraceError(
      "UNSUPPORTED",
      `${name}: the video track is coded as "${fourcc}", which cannot be decoded. Convert it to H.264, HEVC, VP9 or AV1.`,
    );
  }
  const extra = bytesOf(slice(format, BITMAP_INFO)).slice();
  // Annex B parameter sets begin with zeros; avcC with a 1.
  const useful = extra.length > 6 && (family === "mpeg4" || (family === "h264" && extra[0] === 1));
  const config: VideoDecoderConfig = {
    codec: codecString(family, useful ? extra : undefined),
    family,
    ...(useful && { description: extra }),
    codedWidth: format.getUint32(4, true),
    codedHeight: Math.abs(format.getInt32(8, true)),
  };
  return {
    number,
    config,
    scale: header.getUint32(20, true) || 1,
    rate: header.getUint32(24, true) || 25,
    packets: orderedPackets(config),
  };
}

function videoTrack({ number, config, scale, rate, packets }: AviStream): VideoTrack {
  return {
    id: number,
    container: "avi",
    timeBase: { num: scale, den: rate },
    configs: [config],
    displayWidth: config.codedWidth,
    displayHeight: config.codedHeight,
    rotation: 0,
    colorSpace: {},
    framing: { kind: "plain" },
    packets: packets.build(),
  };
}
