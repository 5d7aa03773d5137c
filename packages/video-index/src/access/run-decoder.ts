import { MillraceError } from "@millrace/core/web";
import type {
  DecodedFrame,
  DecodeResult,
  VideoDecoder,
  VideoDecoderBackend,
} from "@millrace/media";
import { isDisposable } from "../bitstream/disposable.ts";
import type { ByteSource } from "../bytes/byte-source.ts";
import { PacketFlag } from "../container/packet-table.ts";
import type { VideoIndex } from "../index/video-index.ts";
import type { DecodeRun } from "./decode-plan.ts";
import { type DecoderState, decoderState } from "./decoder-state.ts";
import { type PacketChunk, readChunks } from "./read-chunks.ts";

/** What {@link RunDecoder.run} may be told. */
export interface RunOptions {
  /** The packets behind will be wanted next: none is left out, and the decoder is left where it can go on. */
  readonly goOn: boolean;
  readonly signal: AbortSignal;
  /**
   * Takes over the frame of a wanted packet, as soon as it is there.
   *
   * @param asIndexed - the decoder gave out a frame for each packet up to this one, and no other
   */
  deliver(packet: number, decoded: DecodedFrame, asIndexed: boolean): void;
  /**
   * Looks at each key packet on the way; false where decoding cannot begin there. Where it was to begin there the run
   * ends before it begins.
   */
  mayBegin(packet: number, data: Uint8Array): boolean;
}

/** What a run took. */
export interface RunReport {
  /** Packets that were fed. */
  readonly fed: number;
  /** True when decoding could not begin where the run begins: nothing was delivered. */
  readonly refused: boolean;
}

/** One decoder on one video, which remembers where it is. Runs come one after another. */
export interface RunDecoder extends AsyncDisposable {
  /** The packet from which it could take up the run, without going back to a key packet; undefined where it cannot. */
  continuesFrom(run: DecodeRun): number | undefined;
  /** Decodes a run and delivers its targets; those that never come are not delivered. */
  run(run: DecodeRun, options: RunOptions): Promise<RunReport>;
}

/** Packets that are fed at once: few enough to stop soon when nobody waits any more. */
const BATCH = 16;
/**
 * Behind so many packets a decoder stays where it is, for requests further on in the same group of pictures: the two or
 * three packets that it takes until the last picture comes out are then little beside those before.
 */
const LONG_RUN = 64;

/**
 * Makes a decoder for runs; the codec is opened with the first one.
 *
 * @param currentIndex - the index as it is now: what is known of its key packets grows, its packets stay
 */
export function runDecoder(
  backend: VideoDecoderBackend,
  source: ByteSource,
  currentIndex: () => VideoIndex,
  threads: number,
): RunDecoder {
  const { track, placeOf } = currentIndex();
  const { packets } = track;
  const placeOfPacket = (packet: number): number => placeOf[packet] as number;
  let decoder: VideoDecoder | undefined;
  let config = -1;
  let state: DecoderState | undefined;

  /** Behind the last packet of the configuration that is in use. */
  const configEnd = (from: number): number => {
    const { count } = packets;
    // Nearly always the end of the table; a change of parameters ends it earlier.
    if (track.configs.length === 1) return count;
    let end = from;
    while (end < count && packets.config[end] === config) end += 1;
    return end;
  };

  const forget = (): void => {
    state?.clear();
    state = undefined;
  };

  const discard = async (): Promise<void> => {
    const gone = decoder;
    decoder = undefined;
    await gone?.close();
  };

  const begin = async (start: number, signal: AbortSignal): Promise<VideoDecoder> => {
    const wanted = packets.config[start] as number;
    forget();
    if (decoder !== undefined && wanted === config) {
      await decoder.reset();
    } else {
      await discard();
      const found = track.configs[wanted];
      if (found === undefined) {
        throw new MillraceError("INTERNAL", "A packet has no configuration.");
      }
      decoder = await backend.open(found, { timeBase: { num: 1, den: 1 }, threads, signal });
      config = wanted;
    }
    state = decoderState(currentIndex, start);
    return decoder;
  };

  const continuesFrom = (run: DecodeRun): number | undefined => {
    if (state === undefined || packets.config[run.start] !== config) return undefined;
    const { start, position, canGive } = state;
    // It must have seen all that the run's pictures may refer to.
    const hasSeen = start <= run.start && run.start <= position;
    return hasSeen && run.targets.every(canGive) ? position : undefined;
  };

  const read = (from: number, to: number, signal: AbortSignal): Promise<readonly PacketChunk[]> => {
    const reading = readChunks(source, track, from, to, placeOfPacket, signal);
    // It may be given up before it is looked at.
    reading.catch(() => {});
    return reading;
  };

  return {
    continuesFrom,
    async run(run, { goOn, signal, deliver, mayBegin }) {
      let fed = 0;
      /** What failed may be dead; an aborted call leaves a decoder that can begin anew. */
      const failed = async (error: unknown): Promise<never> => {
        forget();
        if (!signal.aborted) await discard().catch(() => {});
        throw error;
      };
      const last = run.targets.at(-1) as number;
      const lastPlace = Math.max(...run.targets.map(placeOfPacket));
      // A decoder that does not say what is still to come cannot be left where it is.
      const { prompt } = backend.capabilities;
      const goesOn = goOn && prompt;
      const stays = goesOn || (prompt && last - run.start >= LONG_RUN);
      const continues = decoder !== undefined && continuesFrom(run) !== undefined;
      const open = continues
        ? (decoder as VideoDecoder)
        : await begin(run.start, signal).catch(failed);
      const at = state as DecoderState;
      const missing = new Set(run.targets);
      const give = (): void => {
        for (const { packet, decoded, asIndexed } of at.take(missing)) {
          missing.delete(packet);
          deliver(packet, decoded, asIndexed);
        }
      };
      give();
      /** Where the reading for the next feed has got to while the last one is decoded. */
      let ahead: Promise<readonly PacketChunk[]> | undefined;
      try {
        while (missing.size > 0) {
          signal.throwIfAborted();
          const from = at.position;
          // Behind the last target nothing, or, to stay there, as much as it takes until it comes out.
          const behind = from > last;
          const wanted = behind ? from + (stays ? 1 : 0) : Math.min(from + BATCH, last + 1);
          const configLimit = configEnd(from);
          const to = Math.min(wanted, configLimit);
          const end = (to > last && !stays) || to === configLimit;
          const chunks = await (ahead ?? read(from, to, signal));
          for (const { dts: packet, data, type } of chunks) {
            const begins = packet === run.start && !continues;
            if ((type === "key" || begins) && !mayBegin(packet, data) && begins) {
              forget();
              return { fed, refused: true };
            }
          }
          const next = Math.min(to + BATCH, last + 1, configLimit);
          ahead = to < next ? read(to, next, signal) : undefined;
          const isLost = ({ dts: packet, isWhole }: PacketChunk): boolean =>
            !isWhole || ((packets.flags[packet] as number) & PacketFlag.cut) !== 0;
          const needed = chunks.filter((chunk) => {
            const { dts: packet, data } = chunk;
            // An empty packet shows nothing, and some decoders take it for the end.
            if (isLost(chunk) || data.length === 0) return false;
            return goesOn || missing.has(packet) || !isDisposable(track.configs[config], data);
          });
          at.feed(
            needed,
            to,
            chunks.filter(isLost).map(({ dts }) => dts),
          );
          const keep = at.awaited(
            (packet, place) => missing.has(packet) || (goesOn && place > lastPlace),
          );
          const result: DecodeResult = await open.decode(needed, { keep, end, signal });
          fed += needed.length;
          at.receive(result, end);
          give();
          for (const packet of missing) if (at.isPassed(packet)) missing.delete(packet);
          if (end) {
            forget();
            break;
          }
        }
      } catch (error) {
        return await failed(error);
      } finally {
        await ahead?.catch(() => {});
      }
      return { fed, refused: false };
    },
    async [Symbol.asyncDispose]() {
      forget();
      await discard();
    },
  };
}
