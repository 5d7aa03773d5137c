import { MillraceError } from "@millrace/core";
import type {
  DecodedFrame,
  EncodedVideoChunk,
  VideoDecoder,
  VideoDecoderBackend,
} from "@millrace/media";
import type { ByteSource } from "../bytes/byte-source.ts";
import { PacketFlag } from "../container/packet-table.ts";
import type { VideoIndex } from "../index/video-index.ts";
import type { DecodeRun } from "./decode-plan.ts";
import { isDisposable } from "./disposable.ts";
import { readChunks } from "./read-chunks.ts";

/** What {@link RunDecoder.run} may be told. */
export interface RunOptions {
  /** Leaves the decoder where it can go on, at the cost of decoding what it holds back for reordering. */
  readonly goOn: boolean;
  readonly signal: AbortSignal;
  /**
   * Takes over the frame of a wanted packet, as soon as it is there.
   *
   * @param asIndexed - the decoder gave out a frame for each packet up to this one, and no other
   */
  deliver(packet: number, decoded: DecodedFrame, asIndexed: boolean): void;
  /** Looks at the packet that decoding begins at; false where it cannot. The run then ends before it begins. */
  mayBegin(packet: number, data: Uint8Array): boolean;
}

/** What a run took. */
export interface RunReport {
  /** Packets that were fed. */
  readonly fed: number;
  /** True when decoding could not begin where the run begins: nothing was delivered. */
  readonly refused: boolean;
  readonly readMs: number;
  readonly decodeMs: number;
}

/** One decoder on one video, which remembers where it is. Runs come one after another. */
export interface RunDecoder extends AsyncDisposable {
  /** Whether it could take up the run where it is, without going back to a key packet. */
  canContinue(run: DecodeRun): boolean;
  /** Decodes a run and delivers its targets; those that never come are not delivered. */
  run(run: DecodeRun, options: RunOptions): Promise<RunReport>;
}

/** Packets that are fed at once: few enough to stop soon when nobody waits any more. */
const BATCH = 16;
const EMPTY = new Uint8Array(0);

/** Makes a decoder for runs; the codec is opened with the first one. */
export function runDecoder(
  backend: VideoDecoderBackend,
  source: ByteSource,
  index: VideoIndex,
  threads: number,
): RunDecoder {
  const { track, placeOf } = index;
  const { packets } = track;
  const placeOfPacket = (packet: number): number => placeOf[packet] as number;
  const packetAt = new Map<number, number>();
  let decoder: VideoDecoder | undefined;
  let config = -1;
  /** The packet to be fed next; undefined where decoding must begin at a key packet. */
  let position: number | undefined;
  /** The highest place that came out since decoding began. */
  let lastOut = -1;

  const canContinue = ({ start, targets }: DecodeRun): boolean =>
    position !== undefined &&
    start <= position &&
    packets.config[start] === config &&
    targets.every((packet) => placeOfPacket(packet) > lastOut);

  /** Behind the last packet of the configuration that is in use. */
  const configEnd = (from: number): number => {
    const { count } = packets;
    // Nearly always the end of the table; a change of parameters ends it earlier.
    if (track.configs.length === 1) return count;
    let end = from;
    while (end < count && packets.config[end] === config) end += 1;
    return end;
  };

  const begin = async (start: number, signal: AbortSignal): Promise<VideoDecoder> => {
    const wanted = packets.config[start] as number;
    if (decoder !== undefined && wanted === config) {
      await decoder.reset();
    } else {
      await decoder?.close();
      decoder = undefined;
      const found = track.configs[wanted];
      if (found === undefined)
        throw new MillraceError("INTERNAL", "A packet has no configuration.");
      decoder = await backend.open(found, { timeBase: { num: 1, den: 1 }, threads, signal });
      config = wanted;
    }
    position = start;
    lastOut = -1;
    packetAt.clear();
    return decoder;
  };

  return {
    canContinue,
    async run(run, { goOn, signal, deliver, mayBegin }) {
      let readMs = 0;
      let decodeMs = 0;
      let fed = 0;
      const open =
        decoder !== undefined && canContinue(run) ? decoder : await begin(run.start, signal);
      const startPlace = placeOfPacket(run.start);
      const missing = new Set(run.targets);
      const expected = new Set<number>();
      const last = run.targets.at(-1) as number;
      let unexpected = 0;
      /** Where the reading for the next feed has got to while the last one is decoded. */
      let ahead: Promise<readonly EncodedVideoChunk[]> | undefined;
      const read = (from: number, to: number): Promise<readonly EncodedVideoChunk[]> => {
        const reading = readChunks(source, track, from, to, placeOfPacket, signal);
        reading.catch(() => {});
        return reading;
      };
      try {
        while (missing.size > 0) {
          signal.throwIfAborted();
          const from = position as number;
          // Behind the last target nothing, or, to go on from there, as much as it takes until it comes out.
          const behind = from > last;
          const wanted = behind ? from + (goOn ? 1 : 0) : Math.min(from + BATCH, last + 1);
          const to = Math.min(wanted, configEnd(from));
          const end = (to > last && !goOn) || to === configEnd(from);
          const readStarted = performance.now();
          const chunks = await (ahead ?? read(from, to));
          readMs += performance.now() - readStarted;
          if (fed === 0 && from === run.start && !mayBegin(from, chunks[0]?.data ?? EMPTY)) {
            position = undefined;
            return { fed, refused: true, readMs, decodeMs };
          }
          const next = Math.min(to + BATCH, last + 1, configEnd(from));
          ahead = to < next ? read(to, next) : undefined;
          const needed = chunks.filter(({ dts: packet, data }) => {
            if (((packets.flags[packet] as number) & PacketFlag.cut) !== 0) return false;
            return goOn || missing.has(packet) || !isDisposable(track.configs[config], data);
          });
          for (const { dts: packet } of needed) {
            const place = placeOfPacket(packet);
            packetAt.set(place, packet);
            const flags = packets.flags[packet] as number;
            // What is shown before the first key packet may or may not come out.
            if (place >= startPlace && (flags & PacketFlag.hidden) === 0) expected.add(place);
          }
          const keep = [...missing].map(placeOfPacket).sort((a, b) => a - b);
          const decodeStarted = performance.now();
          const result = await open.decode(needed, { keep, end, signal });
          decodeMs += performance.now() - decodeStarted;
          fed += needed.length;
          position = to;
          for (const place of result.decoded) {
            lastOut = Math.max(lastOut, place);
            if (!expected.delete(place) && place >= startPlace) unexpected += 1;
          }
          const least = Math.min(...expected);
          for (const decoded of result.frames) {
            const place = decoded.frame.pts;
            const packet = packetAt.get(place);
            if (packet === undefined || !missing.delete(packet)) decoded.frame.close();
            else deliver(packet, decoded, unexpected === 0 && place < least);
          }
          if (end) {
            position = undefined;
            break;
          }
        }
      } catch (error) {
        position = undefined;
        throw error;
      } finally {
        await ahead?.catch(() => {});
      }
      return { fed, refused: false, readMs, decodeMs };
    },
    async [Symbol.asyncDispose]() {
      await decoder?.close();
      decoder = undefined;
      position = undefined;
    },
  };
}
