import type { LiveData } from "@millrace/media";

/** What a picture says of itself, and what goes along with it. */
export interface FrameComment {
  /** Number of the frame in its hub; what is missing between two was dropped. */
  readonly sequence: number;
  /** Of the stream, in microseconds. */
  readonly timestamp: number;
  /** When the hub was given the frame, in milliseconds of Unix time. */
  readonly capturedAtMs: number;
  /** Detections, captions and events of this frame and of those that were dropped before it, oldest first. */
  readonly data: readonly LiveData[];
  /** Items of data that found no room in this picture. */
  readonly dataDropped: number;
}

/** What a segment of a JPEG holds at most, its own two bytes of length left out. */
const MOST_BYTES = 65_533;
/** What the fields besides the data take at most, each of them a number. */
const FIELDS_BYTES = 256;
const VERSION = 1;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * What takes the place of the first two bytes of a JPEG, so that it carries a {@link FrameComment}: the start of image
 * `FF D8`, then one comment segment: `FF FE`, its length in two bytes (big-endian, counting themselves), and UTF-8 JSON
 *
 * `{"millrace":1,"sequence":…,"timestamp":…,"capturedAtMs":…,"data":[{"kind":…,"timestamp":…,"value":…}],"dataDropped":…}`
 *
 * The picture goes on with `jpeg.subarray(2)`, which need not be copied. Programs that do not know the comment show the
 * picture all the same. A segment holds 65,533 bytes: when the data are more, the oldest items are left out and counted,
 * as are those that JSON cannot hold.
 */
export function writeFrameComment(comment: FrameComment): Uint8Array<ArrayBuffer> {
  const { sequence, timestamp, capturedAtMs } = comment;
  const kept: string[] = [];
  let room = MOST_BYTES - FIELDS_BYTES;
  let dataDropped = comment.dataDropped;
  for (const [at, item] of [...comment.data.entries()].reverse()) {
    const text = toJson(item);
    if (text === undefined) {
      dataDropped++;
      continue;
    }
    const sizeBytes = encoder.encode(text).length + 1;
    if (sizeBytes > room) {
      dataDropped += at + 1;
      break;
    }
    room -= sizeBytes;
    kept.push(text);
  }
  const fields = JSON.stringify({ millrace: VERSION, sequence, timestamp, capturedAtMs });
  const text = `${fields.slice(0, -1)},"data":[${kept.reverse().join(",")}],"dataDropped":${dataDropped}}`;
  const payload = encoder.encode(text);
  const head = new Uint8Array(6 + payload.length);
  const lengthBytes = payload.length + 2;
  head.set([0xff, 0xd8, 0xff, 0xfe, lengthBytes >>> 8, lengthBytes & 0xff]);
  head.set(payload, 6);
  return head;
}

/**
 * Reads what {@link writeFrameComment} wrote.
 *
 * @param jpeg - a picture, or as much of its beginning as there is
 * @returns undefined for a picture without such a comment, or one that is damaged
 */
export function readFrameComment(jpeg: Uint8Array): FrameComment | undefined {
  if (jpeg[0] !== 0xff || jpeg[1] !== 0xd8) return undefined;
  // Somebody on the way may have put segments of their own before it; the picture itself begins behind them.
  for (let at = 2; jpeg[at] === 0xff; ) {
    const marker = jpeg[at + 1] ?? 0;
    const lengthBytes = ((jpeg[at + 2] ?? 0) << 8) | (jpeg[at + 3] ?? 0);
    const end = at + 2 + lengthBytes;
    if (lengthBytes < 2 || end > jpeg.length || marker === 0xda) return undefined;
    if (marker === 0xfe) {
      const comment = fromJson(decoder.decode(jpeg.subarray(at + 4, end)));
      if (comment) return comment;
    }
    at = end;
  }
  return undefined;
}

function toJson({ kind, timestamp, value }: LiveData): string | undefined {
  try {
    return JSON.stringify({ kind, timestamp, value });
  } catch {
    // A value that holds itself, or a bigint: it is the item that cannot go along, not the picture.
    return undefined;
  }
}

function fromJson(text: string): FrameComment | undefined {
  if (!text.startsWith(`{"millrace":${VERSION},`)) return undefined;
  try {
    const { sequence, timestamp, capturedAtMs, data, dataDropped } = JSON.parse(text);
    const isNumber = [sequence, timestamp, capturedAtMs, dataDropped].every(Number.isFinite);
    if (!isNumber || !Array.isArray(data)) return undefined;
    return { sequence, timestamp, capturedAtMs, data: data.filter(isLiveData), dataDropped };
  } catch {
    return undefined;
  }
}

function isLiveData(item: unknown): item is LiveData {
  if (typeof item !== "object" || item === null) return false;
  const { kind, timestamp } = item as Partial<LiveData>;
  return typeof kind === "string" && typeof timestamp === "number";
}
