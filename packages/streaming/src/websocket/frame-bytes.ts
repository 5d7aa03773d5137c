import type { EncodedFrame } from "../hub/encoded-frame.ts";
import { type FrameKind, writeFrameMessage } from "../messages/frame-message.ts";

const made = new WeakMap<EncodedFrame, Uint8Array>();

/** The message of a frame, made once for all its viewers. */
export function frameBytes(frame: EncodedFrame, kind: FrameKind): Uint8Array {
  const known = made.get(frame);
  if (known) return known;
  const message = writeFrameMessage({ ...frame, kind, sequence: frame.sequence >>> 0 }, frame.data);
  made.set(frame, message);
  return message;
}
