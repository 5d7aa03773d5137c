import { elementaryBytes } from "../container/mpegts/elementary-bytes.ts";
import type { PacketFraming } from "../container/video-track.ts";

/** The bytes of a packet as its decoder wants them, from those that the source has for it. */
export function unframe(raw: Uint8Array, framing: PacketFraming): Uint8Array {
  switch (framing.kind) {
    case "plain":
      return raw;
    case "stripped": {
      const whole = new Uint8Array(framing.prefix.length + raw.length);
      whole.set(framing.prefix);
      whole.set(raw, framing.prefix.length);
      return whole;
    }
    default:
      return elementaryBytes(raw, framing);
  }
}
