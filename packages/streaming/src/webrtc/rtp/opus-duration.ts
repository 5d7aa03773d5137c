/** Microseconds of a frame by the low bits of its configuration: SILK, hybrid, CELT (RFC 6716, table 2). */
const SILK_US = [10_000, 20_000, 40_000, 60_000];
const HYBRID_US = [10_000, 20_000];
const CELT_US = [2_500, 5_000, 10_000, 20_000];
const HYBRID_FROM = 12;
const CELT_FROM = 16;
/** RFC 6716, requirement R5. */
const MOST_US = 120_000;

/**
 * How long a packet of Opus sounds, in microseconds, as its first bytes say (RFC 6716, 3.1 and 3.2.5); 0 of what is
 * empty or says what cannot be.
 */
export function opusDurationUs(packet: Uint8Array): number {
  const [first, second = 0] = packet;
  if (first === undefined) return 0;
  const configuration = first >> 3;
  const frameUs =
    configuration < HYBRID_FROM
      ? SILK_US[configuration % 4]
      : configuration < CELT_FROM
        ? HYBRID_US[configuration % 2]
        : CELT_US[configuration % 4];
  const code = first & 3;
  const frames = code === 0 ? 1 : code === 3 ? second & 0x3f : 2;
  const us = (frameUs ?? 0) * frames;
  return us > MOST_US ? 0 : us;
}
