import type { VideoDecoderConfig } from "@millrace/media";
import { readH264Sequence } from "../../bitstream/h264-sps.ts";
import type { ByteSource } from "../../bytes/byte-source.ts";
import { orderedPackets } from "../ordered-packets.ts";
import type { ContainerContents } from "../video-track.ts";

const PIECE = 2 ** 20;
const HEAD = 512;
/** Units of a picture whose heads are kept. */
const MOST_HEADS = 4;
const DEFAULT_RATE = { num: 1, den: 25 };

/** One NAL unit: where its start code begins, where its header is, and its first bytes. */
interface Unit {
  readonly at: number;
  readonly header: number;
  readonly head: Uint8Array;
}

/**
 * A bare H.264 stream (ITU-T H.264, annex B), by a walk over all of it: it has no index, no times, and no word about
 * where a picture begins but its own.
 */
export async function readAnnexB(
  source: ByteSource,
  signal?: AbortSignal,
): Promise<ContainerContents> {
  let config: VideoDecoderConfig = { codec: "avc1", family: "h264", codedWidth: 0, codedHeight: 0 };
  let sequence: ReturnType<typeof readH264Sequence>;
  const packets = orderedPackets(config);
  /** The access unit that is being read. */
  let start = 0;
  let heads: Uint8Array[] = [];
  let hasSlice = false;
  const finish = (end: number): void => {
    if (hasSlice) packets.add(start, end - start, joined(heads), false);
    start = end;
    heads = [];
    hasSlice = false;
  };
  for await (const { at, header, head } of unitsOf(source, signal)) {
    const type = header & 0x1f;
    const isSlice = type === 1 || type === 5;
    // 7.4.1.2.3 and 7.4.1.2.4: a delimiter, parameter sets, SEI or the first slice of a picture begin another one.
    const first = isSlice && ((head[1] ?? 0) & 0x80) !== 0;
    if (hasSlice && (first || (type >= 6 && type <= 9))) finish(at);
    if (type === 7 && sequence === undefined) {
      sequence = readH264Sequence(head);
      if (sequence !== undefined) {
        const { codec, width, height } = sequence;
        config = { ...config, codec, codedWidth: width, codedHeight: height };
      }
    }
    // The first slice is needed, what is before it mostly; a stream of empty units is not kept many times over.
    if (heads.length < MOST_HEADS || (isSlice && !hasSlice)) heads.push(head);
    hasSlice ||= isSlice;
  }
  finish(source.sizeBytes);
  const { colorSpace = {}, pixelAspect = 1, frameDuration = DEFAULT_RATE } = sequence ?? {};
  const track = {
    id: 0,
    container: "annexb",
    timeBase: frameDuration,
    configs: [config],
    displayWidth: Math.round(config.codedWidth * pixelAspect),
    displayHeight: config.codedHeight,
    rotation: 0,
    colorSpace,
    framing: { kind: "plain" },
    packets: packets.build(),
  } as const;
  return { container: "annexb", warnings: [], tracks: packets.count > 0 ? [track] : [] };
}

/** Start codes and a part of each unit, so that what was read of a picture looks like its beginning. */
function joined(heads: readonly Uint8Array[]): Uint8Array {
  const all: number[] = [];
  for (const head of heads) all.push(0, 0, 1, ...head);
  return Uint8Array.from(all);
}

async function* unitsOf(source: ByteSource, signal?: AbortSignal): AsyncGenerator<Unit, void> {
  let carried = new Uint8Array(0);
  for (let offset = 0; offset < source.sizeBytes; ) {
    const next = await source.read(offset, PIECE, signal ? { signal } : {});
    if (next.length === 0) return;
    const bytes = new Uint8Array(carried.length + next.length);
    bytes.set(carried);
    bytes.set(next, carried.length);
    const base = offset - carried.length;
    offset += next.length;
    // The head of a unit must lie in one piece; what is too near to the end waits for the next one.
    const last = offset >= source.sizeBytes;
    const limit = last ? bytes.length : bytes.length - HEAD - 4;
    let at = 0;
    for (; at < limit; at++) {
      if (bytes[at] !== 0 || bytes[at + 1] !== 0 || bytes[at + 2] !== 1) continue;
      const from = at + 3;
      if (from >= bytes.length) break;
      const code = at > 0 && bytes[at - 1] === 0 ? at - 1 : at;
      const head = bytes.slice(from, Math.min(from + HEAD, bytes.length));
      yield { at: base + code, header: bytes[from] as number, head };
      at = from;
    }
    carried = bytes.slice(Math.max(0, Math.min(at, bytes.length)));
  }
}
