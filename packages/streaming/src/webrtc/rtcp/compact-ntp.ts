/** Seconds from 1900, where NTP begins, to 1970. */
export const NTP_EPOCH_S = 2_208_988_800;

/** The middle 32 bits of an NTP time: what reports refer to each other by, in units of 1/65,536 s. */
export function compactNtp(unixMs: number): number {
  const seconds = Math.floor(unixMs / 1_000) + NTP_EPOCH_S;
  const fraction = Math.floor(((unixMs % 1_000) / 1_000) * 65_536);
  return ((seconds % 65_536) * 65_536 + fraction) >>> 0;
}
