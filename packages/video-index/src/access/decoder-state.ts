import type { DecodedFrame, DecodeResult, EncodedVideoChunk } from "@millrace/media";
import { PacketFlag } from "../container/packet-table.ts";
import { decodeStart, type VideoIndex } from "../index/video-index.ts";

/** A frame that is ready to be handed over. */
export interface ReadyFrame {
  readonly packet: number;
  readonly decoded: DecodedFrame;
  /** The decoder gave out a frame for each packet up to this one, and no other. */
  readonly asIndexed: boolean;
}

/** Where a decoder is since it began at a key packet: what it was fed, what it gave, and what it still owes. */
export interface DecoderState {
  /** The packet at which decoding began. */
  readonly start: number;
  /** The packet to be fed next. */
  readonly position: number;
  /** Whether the frame of a packet is still to come, or kept; not where the packet was left out. */
  canGive(packet: number): boolean;
  /** Whether the frame of a packet was passed over by frames so far behind it that it will not come. */
  isPassed(packet: number): boolean;
  /**
   * Notes packets that are being fed; those between that are left out count as passed.
   *
   * @param lost - those that are left out because the source does not have them whole
   */
  feed(chunks: readonly EncodedVideoChunk[], position: number, lost?: readonly number[]): void;
  /** The places of packets that were fed and whose frames have not come, where `wanted` says so; rising. */
  awaited(wanted: (packet: number, place: number) => boolean): readonly number[];
  /** Takes over what the decoder gave. @param ended - it will give no more */
  receive(result: DecodeResult, ended: boolean): void;
  /** Hands over the frames that are ready among the wanted ones. */
  take(wanted: ReadonlySet<number>): readonly ReadyFrame[];
  /** Closes all frames that nobody took. */
  clear(): void;
}

/** @param start - the packet at which decoding begins */
export function decoderState(currentIndex: () => VideoIndex, start: number): DecoderState {
  const { placeOf, track, prerolls } = currentIndex();
  const { flags } = track.packets;
  const startPlace = placeOf[start] as number;
  const packetAt = new Map<number, number>();
  /** Places that were fed and have not come out. */
  const owed = new Set<number>();
  const kept = new Map<number, DecodedFrame>();
  /** Packets whose pictures the decoder could not read whole. */
  const damaged: number[] = [];
  const preroll = prerolls.get(start) ?? 0;
  let position = start;
  let lastOut = -1;
  let surprised = false;
  let ended = false;

  /** Packets that were decoded before this one and may yet turn out to be damaged. */
  const mayChange = (packet: number): boolean => {
    if (ended) return false;
    for (const place of owed) if ((packetAt.get(place) as number) < packet) return true;
    return false;
  };
  /** A picture is whole only if all that it may refer to is. */
  const isDamaged = (packet: number): boolean => {
    const from = decodeStart(currentIndex(), packet);
    return damaged.some((it) => it >= from && it <= packet);
  };

  return {
    start,
    get position() {
      return position;
    },
    isPassed: (packet) => !kept.has(packet) && (placeOf[packet] as number) <= lastOut - LATEST,
    canGive(packet) {
      const place = placeOf[packet] as number;
      const isComing = place > lastOut && (packet >= position || packetAt.has(place));
      return kept.has(packet) || isComing;
    },
    feed(chunks, to, lost = []) {
      damaged.push(...lost);
      for (const { dts: packet } of chunks) {
        const place = placeOf[packet] as number;
        packetAt.set(place, packet);
        // What is shown before the first key packet may or may not come out.
        const surely = place >= startPlace && ((flags[packet] as number) & PacketFlag.hidden) === 0;
        if (surely) owed.add(place);
      }
      position = to;
    },
    awaited(wanted) {
      const places: number[] = [];
      for (const [place, packet] of packetAt) {
        if (place > lastOut && wanted(packet, place)) places.push(place);
      }
      return places.sort((a, b) => a - b);
    },
    receive({ frames, decoded, concealed }, end) {
      for (const place of decoded) {
        lastOut = Math.max(lastOut, place);
        if (!owed.delete(place) && place >= startPlace) surprised = true;
      }
      for (const place of owed) {
        if (place > lastOut - LATEST) continue;
        owed.delete(place);
        surprised = true;
      }
      for (const place of concealed) {
        const packet = packetAt.get(place) ?? start;
        // Before it is whole, a stream that is entered in its middle refers to what was never fed.
        if (place >= startPlace && packet >= start + preroll) damaged.push(packet);
      }
      for (const one of frames) {
        const packet = packetAt.get(one.frame.pts);
        if (packet === undefined || kept.has(packet)) one.frame.close();
        else kept.set(packet, one);
      }
      ended ||= end;
      // What came out is not asked about again, apart from what is kept.
      for (const place of packetAt.keys()) {
        if (place <= lastOut - FORGET) packetAt.delete(place);
      }
    },
    take(wanted) {
      const ready: ReadyFrame[] = [];
      for (const [packet, { frame, status }] of kept) {
        if (!wanted.has(packet) || mayChange(packet)) continue;
        kept.delete(packet);
        const place = placeOf[packet] as number;
        let complete = !surprised;
        for (const other of owed) complete &&= other > place;
        const whole = status === "ok" && !isDamaged(packet);
        ready.push({
          packet,
          decoded: { frame, status: whole ? "ok" : "concealed" },
          asIndexed: complete,
        });
      }
      return ready;
    },
    clear() {
      for (const { frame } of kept.values()) frame.close();
      kept.clear();
    },
  };
}

/** Frames come in the order of showing; H.264 and HEVC let a decoder hold back 16 of them. */
const LATEST = 16;
/** Places behind the last one for which packets are remembered. */
const FORGET = 64;
