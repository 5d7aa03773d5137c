import { MillraceError } from "@millrace/core/web";
import { PacketFlag, type PacketTable, packetTableBuilder } from "../packet-table.ts";

/** One entry of an edit list (ISO/IEC 14496-12, 8.6.6), in ticks of the media. */
export interface Edit {
  /** How long it is shown; Infinity where the file does not say. */
  readonly duration: number;
  /** Where in the media it begins; undefined for a gap. */
  readonly mediaTime: number | undefined;
}

/**
 * What an edit list leaves to be shown, and when: the packets that are needed for it, with those outside of an edit
 * kept for decoding and flagged `discard`, as FFmpeg does. A piece of media that is shown twice has its packets
 * twice.
 *
 * @throws MillraceError LIMIT_EXCEEDED when it shows the same again and again
 */
export function applyEdits(
  media: PacketTable,
  edits: readonly Edit[],
  name = "The video",
): PacketTable {
  if (edits.every(({ mediaTime }) => mediaTime === undefined)) return media;
  const shown = packetTableBuilder(media.count);
  const most = media.count * MOST_SHOWINGS;
  if (edits.length * media.count > MOST_STEPS) throw tooMany(name);
  let shownAt = 0;
  for (const { duration, mediaTime } of edits) {
    if (mediaTime !== undefined) addEdit(shown, media, mediaTime, mediaTime + duration, shownAt);
    if (shown.count > most) throw tooMany(name);
    shownAt += duration;
    if (!Number.isFinite(shownAt)) break;
  }
  return shown.build();
}

/** Times that the same packets may be shown. */
const MOST_SHOWINGS = 64;
/** Packets that are looked at for edits: each edit looks at all. A few seconds. */
const MOST_STEPS = 2 ** 30;

function tooMany(name: string): MillraceError {
  return new MillraceError(
    "LIMIT_EXCEEDED",
    `${name}: its edit list shows the same pictures over and over, more often than is read. Remux it: ffmpeg -c copy.`,
  );
}

function addEdit(
  shown: ReturnType<typeof packetTableBuilder>,
  media: PacketTable,
  from: number,
  to: number,
  shownAt: number,
): void {
  const { count, pts, duration, offset, size, flags, config } = media;
  const isShown = (at: number): boolean => (pts[at] as number) >= from && (pts[at] as number) < to;
  let first = 0;
  while (first < count && !isShown(first)) first++;
  if (first === count) return;
  let last = count - 1;
  while (!isShown(last)) last--;
  // Back to where decoding may begin. Frames that are shown before their key frame need the one before it.
  let start = first;
  while (start > 0) {
    if (((flags[start] as number) & PacketFlag.key) !== 0 && (pts[start] as number) <= lowest()) {
      break;
    }
    start -= 1;
  }
  for (let at = start; at <= last; at++) {
    const outside = isShown(at) ? 0 : PacketFlag.discard;
    shown.add({
      pts: (pts[at] as number) - from + shownAt,
      duration: duration[at] as number,
      offset: offset[at] as number,
      size: size[at] as number,
      flags: (flags[at] as number) | outside,
      config: config[at] as number,
    });
  }

  function lowest(): number {
    let least = Number.POSITIVE_INFINITY;
    for (let at = first; at <= last && at < first + REORDER; at++) {
      if (isShown(at)) least = Math.min(least, pts[at] as number);
    }
    return least;
  }
}

/** More packets than any codec lets a frame wait for. */
const REORDER = 32;
