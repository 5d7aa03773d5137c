const START_CODE = Buffer.of(0, 0, 1);

/** The NAL units of an H.264 access unit in Annex B, without start codes, in their order; views into its memory. */
export function nalUnits(accessUnit: Uint8Array): readonly Uint8Array[] {
  const bytes = Buffer.from(accessUnit.buffer, accessUnit.byteOffset, accessUnit.byteLength);
  const units: Uint8Array[] = [];
  let start = bytes.indexOf(START_CODE);
  while (start >= 0) {
    const from = start + START_CODE.length;
    const next = bytes.indexOf(START_CODE, from);
    let to = next < 0 ? bytes.length : next;
    // A unit never ends in a zero byte: those are of a longer start code, or padding.
    while (to > from && bytes[to - 1] === 0) to--;
    if (to > from) units.push(bytes.subarray(from, to));
    start = next;
  }
  return units;
}

/** Puts NAL units together as Annex B. */
export function annexB(units: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(units.flatMap((unit) => [LONG_START_CODE, unit]));
}

const LONG_START_CODE = Buffer.of(0, 0, 0, 1);
