/** Extended bits, start of a partition, picture number of 15 bits. */
const DESCRIPTOR_BYTES = 4;

/**
 * RTP payloads of a VP8 frame (RFC 7741), with the picture number in the long form.
 *
 * @param pictureId - counts frames, modulo 2^15
 * @param most - bytes of a payload
 */
export function packetizeVp8(
  frame: Uint8Array,
  pictureId: number,
  most: number,
): readonly Uint8Array[] {
  const count = Math.max(1, Math.ceil(frame.length / (most - DESCRIPTOR_BYTES)));
  const each = Math.ceil(frame.length / count);
  return Array.from({ length: count }, (_, number) => {
    const part = frame.subarray(number * each, (number + 1) * each);
    const payload = Buffer.alloc(DESCRIPTOR_BYTES + part.length);
    payload[0] = 0x80 | (number === 0 ? 0x10 : 0);
    payload[1] = 0x80;
    payload.writeUInt16BE(0x8000 | (pictureId & 0x7fff), 2);
    payload.set(part, DESCRIPTOR_BYTES);
    return payload;
  });
}
