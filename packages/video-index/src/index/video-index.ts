import { MillraceError } from "@millrace/core/web";
import { ticksToSeconds } from "@millrace/media";
import { PacketFlag, type PacketTable } from "../container/packet-table.ts";
import type { VideoTrack } from "../container/video-track.ts";
import { presentationOrder } from "./presentation-order.ts";

/** How a time between two frames finds one of them. */
export type TimeRule = "at-or-before" | "nearest" | "at-or-after" | "exact";

/** Every frame of one video track: which number it has, when it is shown, and what must be decoded for it. */
export interface VideoIndex {
  readonly track: VideoTrack;
  /** Frames that are shown. */
  readonly frameCount: number;
  /** The packet of each frame, by the frame's number. */
  readonly packetOf: Uint32Array;
  /** The frame of each packet; -1 where it shows none. */
  readonly frameOf: Int32Array;
  /** The place of each packet among all packets in the order of their pts, also of those that show no frame. */
  readonly placeOf: Uint32Array;
  /** Packets at which decoding may begin, rising. */
  readonly keys: Uint32Array;
  /** How many packets it takes behind a key packet until pictures are whole, where that is not 0. */
  readonly prerolls: ReadonlyMap<number, number>;
  /** Seconds from the first frame to the end of the last one. */
  readonly duration: number;
}

const NOT_SHOWN = PacketFlag.discard | PacketFlag.hidden;

/** Makes an index over the packets of a track. */
export function videoIndex(track: VideoTrack): VideoIndex {
  const { packets, timeBase } = track;
  const { count, flags, pts } = packets;
  const order = presentationOrder(packets);
  const placeOf = new Uint32Array(count);
  const frameOf = new Int32Array(count).fill(-1);
  const packetOf = new Uint32Array(count);
  let frameCount = 0;
  for (let place = 0; place < count; place++) {
    const packet = order[place] as number;
    placeOf[packet] = place;
    if (((flags[packet] as number) & NOT_SHOWN) !== 0) continue;
    frameOf[packet] = frameCount;
    packetOf[frameCount++] = packet;
  }
  const keys: number[] = [];
  for (let packet = 0; packet < count; packet++) {
    if (((flags[packet] as number) & PacketFlag.key) !== 0) keys.push(packet);
  }
  const shown = packetOf.slice(0, frameCount);
  const ticks =
    frameCount === 0
      ? 0
      : ticksAt(pts, shown, frameCount - 1) + lastDuration(packets, shown) - ticksAt(pts, shown, 0);
  return {
    track,
    frameCount,
    packetOf: shown,
    frameOf,
    placeOf,
    keys: Uint32Array.from(keys),
    prerolls: new Map(),
    duration: ticksToSeconds(ticks, timeBase),
  };
}

function ticksAt(pts: Float64Array, packetOf: Uint32Array, frame: number): number {
  return pts[packetOf[frame] as number] as number;
}

/** What the packet of the last frame says; where it says nothing, as long as the frame before it. */
function lastDuration({ pts, duration }: PacketTable, packetOf: Uint32Array): number {
  const last = packetOf.length - 1;
  const told = last < 0 ? 0 : (duration[packetOf[last] as number] as number);
  if (told > 0 || last < 1) return told;
  return ticksAt(pts, packetOf, last) - ticksAt(pts, packetOf, last - 1);
}

/** When a frame is shown, in ticks of the track. */
export function framePts({ track, packetOf }: VideoIndex, frame: number): number {
  return ticksAt(track.packets.pts, packetOf, frame);
}

/** How long a frame is shown, in ticks: until the next one, and the last one as long as its packet says. */
export function frameDuration(index: VideoIndex, frame: number): number {
  return frame + 1 < index.frameCount
    ? framePts(index, frame + 1) - framePts(index, frame)
    : lastDuration(index.track.packets, index.packetOf);
}

/**
 * The number of the frame at a time.
 *
 * Half a tick of tolerance: a time that was a frame's pts before it became seconds in floating point finds that
 * frame.
 *
 * @param seconds - on the track's clock, which need not begin at 0
 * @throws MillraceError NOT_FOUND when no frame satisfies the rule, INVALID_OPTION when there is no such rule
 */
export function findFrame(index: VideoIndex, seconds: number, rule: TimeRule): number {
  const { timeBase } = index.track;
  const ticks = (seconds * timeBase.den) / timeBase.num;
  // The last frame that begins at or before the time, by bisection.
  let low = 0;
  let high = index.frameCount;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (framePts(index, middle) <= ticks + 0.5) low = middle + 1;
    else high = middle;
  }
  const before = low - 1;
  const after = low;
  const hits = before >= 0 && Math.abs(framePts(index, before) - ticks) <= 0.5;
  const picked = pick(index, ticks, before, after, rule);
  const found = hits ? before : picked;
  if (found >= 0 && found < index.frameCount) return found;
  throw new MillraceError("NOT_FOUND", noFrame(index, seconds, rule), {
    details: { seconds, rule },
  });
}

function pick(
  index: VideoIndex,
  ticks: number,
  before: number,
  after: number,
  rule: TimeRule,
): number {
  switch (rule) {
    case "exact":
      return -1;
    case "at-or-before":
      return before;
    case "at-or-after":
      return after;
    case "nearest": {
      if (before < 0 || after >= index.frameCount) return before < 0 ? after : before;
      return ticks - framePts(index, before) <= framePts(index, after) - ticks ? before : after;
    }
    default:
      throw new MillraceError(
        "INVALID_OPTION",
        `rule is ${JSON.stringify(rule)}; give "at-or-before", "nearest", "at-or-after" or "exact".`,
      );
  }
}

function noFrame(index: VideoIndex, seconds: number, rule: TimeRule): string {
  const { track, frameCount } = index;
  if (frameCount === 0) return "The video has no frames.";
  const from = ticksToSeconds(framePts(index, 0), track.timeBase);
  const to = ticksToSeconds(framePts(index, frameCount - 1), track.timeBase);
  const what = rule === "exact" ? "begins exactly at" : rule.replace("at-or-", "is at or ");
  return `No frame ${what} ${seconds} s; the frames begin from ${from} s to ${to} s.`;
}

/** The last key packet at or before a packet; -1 where there is none. */
function keyBefore({ keys }: VideoIndex, packet: number): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as number) <= packet) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/**
 * Where decoding must begin for a packet's picture: at the last key packet before it, or an earlier one, where the
 * picture is shown before that key packet's and may refer to what is before it, or where pictures are not whole yet.
 * Packet 0 where there is no key.
 */
export function decodeStart(index: VideoIndex, packet: number): number {
  const { keys, track, placeOf, prerolls } = index;
  let key = keyBefore(index, packet);
  const isWhole = (at: number): boolean =>
    (placeOf[packet] as number) >= (placeOf[at] as number) &&
    packet >= at + (prerolls.get(at) ?? 0);
  while (key > 0 && !isWhole(keys[key] as number)) {
    // A change of parameters is never crossed.
    const earlier = keys[key - 1] as number;
    if (track.packets.config[earlier] !== track.packets.config[packet]) break;
    key -= 1;
  }
  return key < 0 ? 0 : (keys[key] as number);
}

/** The key frame at or before a frame; the first frame where there is none. */
export function nearestKey(index: VideoIndex, frame: number): number {
  const start = decodeStart(index, index.packetOf[frame] as number);
  return Math.max(0, index.frameOf[start] as number);
}
