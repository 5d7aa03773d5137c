/** Names of the RTP header extensions that are spoken here, as SDP has them. */
export const EXTENSION_URI = {
  mid: "urn:ietf:params:rtp-hdrext:sdes:mid",
  transportSequence: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
  playoutDelay: "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
} as const;

/** What was agreed on for one media section; an identifier is 1 to 14. */
export interface HeaderExtensions {
  readonly mid?: { readonly id: number; readonly value: string };
  readonly transportSequence?: { readonly id: number };
  /** Milliseconds, rounded to tens as the extension has them. */
  readonly playoutDelay?: { readonly id: number; readonly minMs: number; readonly maxMs: number };
}

/**
 * The extension part of an RTP header in the one-byte form (RFC 8285), the same for all packets of a stream but for
 * the transport sequence number, whose place is given; no bytes when there is no extension.
 */
export function extensionBytes(extensions: HeaderExtensions): {
  readonly bytes: Uint8Array;
  readonly transportSequenceAt: number | undefined;
} {
  const { mid, transportSequence, playoutDelay } = extensions;
  const items: number[] = [];
  let transportSequenceAt: number | undefined;
  if (transportSequence) {
    items.push((transportSequence.id << 4) | 1, 0, 0);
    transportSequenceAt = 4 + 1;
  }
  if (playoutDelay) {
    const [min, max] = [playoutDelay.minMs, playoutDelay.maxMs].map((delayMs) =>
      Math.min(0xfff, Math.max(0, Math.round(delayMs / 10))),
    ) as [number, number];
    items.push((playoutDelay.id << 4) | 2, min >> 4, ((min & 0xf) << 4) | (max >> 8), max & 0xff);
  }
  // A mid that is longer than an item may be says its section by its SSRC in the description alone.
  const name = Buffer.from(mid?.value ?? "");
  if (mid && name.length > 0 && name.length <= 16) {
    items.push((mid.id << 4) | (name.length - 1), ...name);
  }
  if (items.length === 0) return { bytes: new Uint8Array(0), transportSequenceAt };
  while (items.length % 4 !== 0) items.push(0);
  return {
    bytes: Uint8Array.of(0xbe, 0xde, 0, items.length / 4, ...items),
    transportSequenceAt,
  };
}
