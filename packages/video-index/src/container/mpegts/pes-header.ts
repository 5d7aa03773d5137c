/** What the header of a PES packet says (ISO/IEC 13818-1, 2.4.3.7). */
export interface PesHeader {
  /** 33 bits of 90 kHz; undefined where it has none. */
  readonly pts: number | undefined;
  readonly dts: number | undefined;
  /** Where the payload begins. */
  readonly payload: number;
}

/** Reads the header of a PES packet; undefined where none begins. */
export function readPesHeader(bytes: Uint8Array): PesHeader | undefined {
  if (bytes.length < 9 || bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 1) return undefined;
  const flags = bytes[7] as number;
  const pts = (flags & 0x80) !== 0 ? timeAt(bytes, 9) : undefined;
  const dts = (flags & 0xc0) === 0xc0 ? timeAt(bytes, 14) : pts;
  return { pts, dts, payload: 9 + (bytes[8] as number) };
}

function timeAt(bytes: Uint8Array, at: number): number | undefined {
  if (at + 5 > bytes.length) return undefined;
  const [a, b, c, d, e] = bytes.subarray(at, at + 5) as unknown as number[];
  return (
    (((a as number) >> 1) & 7) * 2 ** 30 +
    (b as number) * 2 ** 22 +
    ((c as number) >> 1) * 2 ** 15 +
    (d as number) * 2 ** 7 +
    ((e as number) >> 1)
  );
}

/** 2^33: where the clock of a transport stream begins anew, every 26.5 hours. */
const WRAP = 2 ** 33;

/** A time of 33 bits as one that goes on rising: the one nearest to the last. */
export function unwrapped(time: number, last: number | undefined): number {
  if (last === undefined) return time;
  return time + Math.round((last - time) / WRAP) * WRAP;
}
