import type { VideoDecoderConfig } from "@millrace/media";

/**
 * The NAL units of an H.264 or HEVC access unit, without start codes or lengths; as views, not copied, and still with
 * their emulation prevention bytes.
 *
 * With a `description` (avcC, hvcC) units have lengths before them (ISO/IEC 14496-15), else start codes (annex B).
 */
export function nalUnits(
  data: Uint8Array,
  config: Pick<VideoDecoderConfig, "family" | "description">,
): Generator<Uint8Array, void> {
  const { description, family } = config;
  if (description === undefined || description.length < 7) return annexB(data);
  // avcC has lengthSizeMinusOne in byte 4, hvcC in byte 21.
  const at = family === "hevc" ? 21 : 4;
  return withLengths(data, ((description[at] ?? 3) & 3) + 1);
}

function* withLengths(data: Uint8Array, lengthBytes: number): Generator<Uint8Array, void> {
  for (let at = 0; at + lengthBytes < data.length; ) {
    let length = 0;
    for (let index = 0; index < lengthBytes; index++) {
      length = length * 256 + (data[at + index] as number);
    }
    at += lengthBytes;
    if (length === 0) continue;
    yield data.subarray(at, Math.min(at + length, data.length));
    at += length;
  }
}

function* annexB(data: Uint8Array): Generator<Uint8Array, void> {
  let start = -1;
  for (let at = 0; at + 2 < data.length; at++) {
    if ((data[at + 2] as number) > 1) {
      at += 2;
      continue;
    }
    if (data[at] !== 0 || data[at + 1] !== 0 || data[at + 2] !== 1) continue;
    if (start >= 0) yield data.subarray(start, data[at - 1] === 0 ? at - 1 : at);
    start = at + 3;
    at += 2;
  }
  if (start >= 0 && start < data.length) yield data.subarray(start);
}
