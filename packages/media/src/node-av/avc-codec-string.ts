/** WebCodecs' string of an H.264 stream in Annex B, from its parameter set: `"avc1.42c01f"`. */
export function avcCodecString(data: Uint8Array): string | undefined {
  for (let at = 0; at + 6 < data.length; at++) {
    const isStart = data[at] === 0 && data[at + 1] === 0 && data[at + 2] === 1;
    if (!isStart || ((data[at + 3] ?? 0) & 31) !== 7) continue;
    return `avc1.${Buffer.from(data.subarray(at + 4, at + 7)).toString("hex")}`;
  }
  return undefined;
}
