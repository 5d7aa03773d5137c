import { hash } from "node:crypto";

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 20;
/** Packets go into an Ethernet frame; the turns of their counter are hashed behind them. */
const MOST_BYTES = 1_600;

/**
 * HMAC-SHA1 (RFC 2104) as two hashes in one call each, over memory that is used again and again: an object for every
 * packet would take twice as long as the hashing.
 *
 * The returned call writes the first `tagBytes` of the code of `packet[0, end)`, followed by a number of 32 bits, into
 * the packet at `end`.
 *
 * @param key - 64 bytes at most
 */
export function createSrtpAuthenticator(
  key: Uint8Array,
  tagBytes: number,
): (packet: Buffer, end: number, follows: number) => void {
  const inner = Buffer.alloc(BLOCK_BYTES + MOST_BYTES, 0x36);
  const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, 0x5c);
  for (const [at, byte] of key.entries()) {
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  return (packet, end, follows) => {
    packet.copy(inner, BLOCK_BYTES, 0, end);
    inner.writeUInt32BE(follows, BLOCK_BYTES + end);
    // Text of a byte a letter is made faster than a buffer.
    outer.write(digest(inner.subarray(0, BLOCK_BYTES + end + 4)), BLOCK_BYTES, "latin1");
    packet.write(digest(outer), end, tagBytes, "latin1");
  };
}

function digest(bytes: Buffer): string {
  return hash("sha1", bytes, "binary");
}
