import { createCipheriv } from "node:crypto";
import { createSrtpAuthenticator } from "./srtp-authenticator.ts";

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
 * The returned call takes a packet whose last {@link SRTP_TAG_BYTES} bytes are room for the tag, and throws a RangeError
 * for one that goes into no Ethernet frame.
 */
export function createSrtpProtector({
  cipherKey,
  salt,
  authenticationKey,
}: SrtpKeys): (packet: Buffer, headerBytes: number) => void {
  const blockCipher = createCipheriv("aes-128-ecb", cipherKey, null).setAutoPadding(false);
  const authenticate = createSrtpAuthenticator(authenticationKey, SRTP_TAG_BYTES);
  const counters = Buffer.alloc(MOST_BLOCKS * BLOCK_BYTES);
  for (let block = 0; block < MOST_BLOCKS; block++) {
    counters.set(salt.subarray(0, 14), block * BLOCK_BYTES);
    counters.writeUInt16BE(block, block * BLOCK_BYTES + 14);
  }
  const salted = Buffer.from(salt);
  const [saltHigh = 0, saltLow = 0] = salted.subarray(12);
  let counted = { ssrc: -1, rollover: -1 };
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

  /** Writes what packets of one stream have in common, for a long time. */
  const count = (ssrc: number, rollover: number): void => {
    counted = { ssrc, rollover };
    const word1 = (salted.readUInt32BE(4) ^ ssrc) >>> 0;
    const word2 = (salted.readUInt32BE(8) ^ rollover) >>> 0;
    for (let at = 0; at < counters.length; at += BLOCK_BYTES) {
      counters.writeUInt32BE(word1, at + 4);
      counters.writeUInt32BE(word2, at + 8);
    }
  };

  return (packet, headerBytes) => {
    const ssrc = packet.readUInt32BE(8);
    const sequenceNumber = packet.readUInt16BE(2);
    const rollover = rolloverOf(ssrc, sequenceNumber) >>> 0;
    const end = packet.length - SRTP_TAG_BYTES;
    const blocks = Math.ceil((end - headerBytes) / BLOCK_BYTES);
    // What is behind the last block would go out in the clear.
    if (blocks > MOST_BLOCKS) throw new RangeError(`A packet has ${packet.length} bytes.`);
    if (ssrc !== counted.ssrc || rollover !== counted.rollover) count(ssrc, rollover);
    const [high, low] = [saltHigh ^ (sequenceNumber >> 8), saltLow ^ (sequenceNumber & 0xff)];
    for (let at = 12; at < blocks * BLOCK_BYTES; at += BLOCK_BYTES) {
      counters[at] = high;
      counters[at + 1] = low;
    }
    const keyStream = blockCipher.update(counters.subarray(0, blocks * BLOCK_BYTES));
    mix(packet, headerBytes, end, keyStream);
    authenticate(packet, end, rollover);
  };
}

/** Four bytes at once where both lie as the machine likes it, which they do but for the last ones. */
function mix(packet: Buffer, from: number, end: number, keyStream: Buffer): void {
  let at = from;
  if ((packet.byteOffset + from) % 4 === 0 && keyStream.byteOffset % 4 === 0) {
    const count = (end - from) >> 2;
    const words = new Uint32Array(packet.buffer, packet.byteOffset + from, count);
    const key = new Uint32Array(keyStream.buffer, keyStream.byteOffset, count);
    for (let word = 0; word < count; word++) words[word] = (words[word] ?? 0) ^ (key[word] ?? 0);
    at += count * 4;
  }
  for (; at < end; at++) packet[at] = (packet[at] ?? 0) ^ (keyStream[at - from] ?? 0);
}
