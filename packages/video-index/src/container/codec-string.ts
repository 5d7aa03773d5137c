import type { VideoCodec } from "@millrace/media";

const hex = (value: number, digits = 2): string =>
  value.toString(16).toUpperCase().padStart(digits, "0");
const decimal = (value: number): string => value.toString().padStart(2, "0");

/**
 * The WebCodecs codec string of a stream, from the parameter sets that its container holds beside it. Where those
 * are missing or too short it is the shortest string that names the codec.
 */
export function codecString(family: VideoCodec, description: Uint8Array | undefined): string {
  const view =
    description && new DataView(description.buffer, description.byteOffset, description.byteLength);
  switch (family) {
    case "h264":
      // avcC (ISO/IEC 14496-15, 5.3.3.1): version, profile, constraints, level.
      return view && view.byteLength >= 4
        ? `avc1.${hex(view.getUint8(1))}${hex(view.getUint8(2))}${hex(view.getUint8(3))}`
        : "avc1";
    case "hevc":
      return view && view.byteLength >= 13 ? hevcString(view) : "hvc1";
    case "vp9":
      // vpcC (VP Codec ISO Media File Format Binding): version and flags, profile, level, depth.
      return view && view.byteLength >= 7
        ? `vp09.${decimal(view.getUint8(4))}.${decimal(view.getUint8(5))}.${decimal(view.getUint8(6) >> 4)}`
        : "vp09.00.10.08";
    case "av1":
      return view && view.byteLength >= 4 ? av1String(view) : "av01.0.04M.08";
    default:
      return family;
  }
}

/** hvcC, written as ISO/IEC 14496-15, annex E.3 says. */
function hevcString(view: DataView): string {
  const first = view.getUint8(1);
  const space = ["", "A", "B", "C"][first >> 6] ?? "";
  const tier = (first & 0x20) === 0 ? "L" : "H";
  const profile = first & 0x1f;
  let compatibility = 0;
  const flags = view.getUint32(2);
  for (let bit = 0; bit < 32; bit++)
    if ((flags & (2 ** bit)) !== 0) compatibility += 2 ** (31 - bit);
  const constraints: number[] = [];
  for (let at = 6; at < 12; at++) constraints.push(view.getUint8(at));
  while (constraints.at(-1) === 0) constraints.pop();
  return [
    `hvc1.${space}${profile}`,
    compatibility.toString(16).toUpperCase(),
    `${tier}${view.getUint8(12)}`,
    ...constraints.map((value) => value.toString(16).toUpperCase()),
  ].join(".");
}

/** av1C (AV1 Codec ISO Media File Format Binding, 2.3.3). */
function av1String(view: DataView): string {
  const profile = view.getUint8(1) >> 5;
  const level = view.getUint8(1) & 0x1f;
  const second = view.getUint8(2);
  const tier = (second & 0x80) === 0 ? "M" : "H";
  const depth = (second & 0x40) === 0 ? 8 : (second & 0x20) === 0 ? 10 : 12;
  return `av01.${profile}.${decimal(level)}${tier}.${decimal(depth)}`;
}
