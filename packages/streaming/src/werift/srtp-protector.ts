import { createCipheriv, createHmac, createSecretKey } from "node:crypto";

/** Session keys of one direction, as SRTP derives them from the master key. */
export interface SrtpKeys {
  /** 16 bytes. */
  readonly cipherKey: Uint8Array;
  /** 14 bytes. */
  readonly salt: Uint8Array;
  /** 20 bytes. */
  readonly authenticationKey: Uint8Array;
}

/** Bytes that {@link createSrtpProtector} puts at the end of a packet. */
export const SRTP_TAG_BYTES = 10;

const BLOCK_BYTES = 16;
/** Packets go into an Ethernet frame. */
const MOST_BLOCKS = Math.ceil(1_500 / BLOCK_BYTES);

/**
 * Encrypts RTP packets in place by AES-128 in counter mode with HMAC-SHA1 (RFC 3711). One block cipher lives as long as
 * the connection and makes the key stream from blocks that are counted here: a cipher in counter mode would have to be
 * made anew for every packet, which takes several times as long as the encryption itself.
 *
 * The returned call takes a packet whose last {@link SRTP_TAG_BYTES} bytes are room for the tag.
 */
export function createSrtpProtector({
  cipherKey,
  salt,
  authenticationKey,
}: SrtpKeys): (packet: Buffer, headerBytes: number) => void {
  const blockCipher = createCipheriv("aes-128-ecb", cipherKey, null).setAutoPadding(false);
  const hmacKey = createSecretKey(authenticationKey);
  const counters = Buffer.alloc(MOST_BLOCKS * BLOCK_BYTES);
  for (let block = 0; block < MOST_BLOCKS; block++) {
    counters.set(salt.subarray(0, 14), block * BLOCK_BYTES);
    counters.writeUInt16BE(block, block * BLOCK_BYTES + 14);
  }
  const salted = Buffer.from(salt);
  const turns = Buffer.alloc(4);
  const streams = new Map<number, { rollover: number; highest: number }>();

  /** How often the sequence number has begun anew; a packet that is sent again may be of the turn before. */
  const rolloverOf = (ssrc: number, sequenceNumber: number): number => {
    let stream = streams.get(ssrc);
    if (!stream) {
      stream = { rollover: 0, highest: sequenceNumber };
      streams.set(ssrc, stream);
    }
    const ahead = (sequenceNumber - stream.highest) & 0xffff;
    if (ahead >= 0x8000) {
      return sequenceNumber > stream.highest ? stream.rollover - 1 : stream.rollover;
    }
    if (sequenceNumber < stream.highest) stream.rollover++;
    stream.highest = sequenceNumber;
    return stream.rollover;
  };

  return (packet, headerBytes) => {
    const ssrc = packet.readUInt32BE(8);
    const sequenceNumber = packet.readUInt16BE(2);
    const rollover = rolloverOf(ssrc, sequenceNumber) >>> 0;
    const end = packet.length - SRTP_TAG_BYTES;
    const blocks = Math.ceil((end - headerBytes) / BLOCK_BYTES);
    const word1 = (salted.readUInt32BE(4) ^ ssrc) >>> 0;
    const word2 = (salted.readUInt32BE(8) ^ rollover) >>> 0;
    const half3 = salted.readUInt16BE(12) ^ sequenceNumber;
    for (let at = 0; at < blocks * BLOCK_BYTES; at += BLOCK_BYTES) {
      counters.writeUInt32BE(word1, at + 4);
      counters.writeUInt32BE(word2, at + 8);
      counters.writeUInt16BE(half3, at + 12);
    }
    const keyStream = blockCipher.update(counters.subarray(0, blocks * BLOCK_BYTES));
    for (let at = headerBytes; at < end; at++) {
      packet[at] = (packet[at] ?? 0) ^ (keyStream[at - headerBytes] ?? 0);
    }
    turns.writeUInt32BE(rollover);
    const tag = createHmac("sha1", hmacKey).update(packet.subarray(0, end)).update(turns).digest();
    tag.copy(packet, end, 0, SRTP_TAG_BYTES);
  };
}
