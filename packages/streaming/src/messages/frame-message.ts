/** What a binary message carries. */
export type FrameKind = "picture" | "chunk" | "sound";

/** What stands before the payload of a binary message. */
export interface FrameHeader {
  readonly kind: FrameKind;
  /** Whether decoding may begin here. */
  readonly isKey: boolean;
  /** Number of the frame in its hub, modulo 2^32; of sound, a number of its own. */
  readonly sequence: number;
  /** Microseconds of the stream. */
  readonly timestamp: number;
  /** When the hub was given it, in milliseconds of Unix time. */
  readonly capturedAtMs: number;
}

/** Length of the header as it is now; a reader goes by the length that stands in it, so that fields may be added. */
export const FRAME_HEADER_BYTES = 24;

const KINDS: readonly FrameKind[] = ["picture", "chunk", "sound"];
const KEY = 1;

/**
 * Makes a binary message. All numbers are big-endian:
 *
 * | offset | type | |
 * | --- | --- | --- |
 * | 0 | uint8 | kind: 1 picture (a JPEG), 2 chunk (of encoded video), 3 sound |
 * | 1 | uint8 | flags: 1 key frame; others are 0 and to be ignored |
 * | 2 | uint16 | length of the header, 24 |
 * | 4 | uint32 | sequence |
 * | 8 | float64 | timestamp, microseconds of the stream |
 * | 16 | float64 | capturedAtMs, milliseconds of Unix time |
 * | 24 | bytes | payload |
 */
export function writeFrameMessage(
  header: FrameHeader,
  payload: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  const view = new DataView(message.buffer);
  view.setUint8(0, KINDS.indexOf(header.kind) + 1);
  view.setUint8(1, header.isKey ? KEY : 0);
  view.setUint16(2, FRAME_HEADER_BYTES);
  view.setUint32(4, header.sequence);
  view.setFloat64(8, header.timestamp);
  view.setFloat64(16, header.capturedAtMs);
  message.set(payload, FRAME_HEADER_BYTES);
  return message;
}

/** Reads a binary message; undefined when it is none of ours. The payload lies in the memory of the message. */
export function readFrameMessage(
  message: Uint8Array,
): { readonly header: FrameHeader; readonly payload: Uint8Array } | undefined {
  if (message.length < FRAME_HEADER_BYTES) return undefined;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const kind = KINDS[view.getUint8(0) - 1];
  const headerBytes = view.getUint16(2);
  if (kind === undefined || headerBytes < FRAME_HEADER_BYTES || headerBytes > message.length) {
    return undefined;
  }
  const header: FrameHeader = {
    kind,
    isKey: (view.getUint8(1) & KEY) !== 0,
    sequence: view.getUint32(4),
    timestamp: view.getFloat64(8),
    capturedAtMs: view.getFloat64(16),
  };
  if (!Number.isFinite(header.timestamp) || !Number.isFinite(header.capturedAtMs)) return undefined;
  return { header, payload: message.subarray(headerBytes) };
}
