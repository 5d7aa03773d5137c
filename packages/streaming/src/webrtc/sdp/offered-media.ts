import type { EncodedVideoFamily } from "@millrace/media";
import { EXTENSION_URI } from "../rtp/header-extensions.ts";

/** One media section of a description, as the one who made it sees it. */
export interface OfferedMedia {
  readonly kind: "video" | "audio" | "application";
  readonly mid: string;
  readonly direction: "sendrecv" | "sendonly" | "recvonly" | "inactive";
  /** Numbers that packets of a codec carry; undefined when it is not offered in a form that we speak. */
  codec(family: EncodedVideoFamily | "opus"): OfferedCodec | undefined;
  /** Identifiers of header extensions, by their names. */
  readonly extensions: Readonly<Partial<Record<keyof typeof EXTENSION_URI, number>>>;
}

/** A codec in a media section. */
export interface OfferedCodec {
  readonly payloadType: number;
  /** Of repetitions, where they have one. */
  readonly rtxPayloadType: number | undefined;
  /** What stands in `a=fmtp`; "" for nothing. */
  readonly parameters: string;
}

const NAMES = { h264: "h264", vp8: "vp8", opus: "opus" } as const;

/** The media sections of a description that `readDescription` takes. */
export function offeredMedia(sdp: string): readonly OfferedMedia[] {
  const sections: string[][] = [];
  for (const line of sdp.split(/\r\n|\n/)) {
    if (line.startsWith("m=")) sections.push([]);
    sections.at(-1)?.push(line);
  }
  return sections.flatMap((lines): readonly OfferedMedia[] => {
    const kind = /^m=(video|audio|application) /.exec(lines[0] ?? "")?.[1];
    if (kind === undefined) return [];
    const value = (name: string): string | undefined =>
      lines.find((line) => line.startsWith(`a=${name}:`))?.slice(name.length + 3);
    const direction =
      (["sendonly", "recvonly", "inactive"] as const).find((one) => lines.includes(`a=${one}`)) ??
      "sendrecv";
    return [
      {
        kind: kind as OfferedMedia["kind"],
        mid: value("mid") ?? "",
        direction,
        codec: (family) => findCodec(lines, family),
        extensions: findExtensions(lines),
      },
    ];
  });
}

/** Whether the one who made a description wants to send pictures. */
export function sendsVideo(sdp: string): boolean {
  return offeredMedia(sdp).some(
    ({ kind, direction }) =>
      kind === "video" && (direction === "sendonly" || direction === "sendrecv"),
  );
}

function findCodec(
  lines: readonly string[],
  family: EncodedVideoFamily | "opus",
): OfferedCodec | undefined {
  const named = lines.flatMap((line) => {
    const [, type, name] = /^a=rtpmap:(\d+) ([^/]+)\//.exec(line) ?? [];
    return type !== undefined && name?.toLowerCase() === NAMES[family] ? [type] : [];
  });
  const candidates = named
    .map((type) => ({ type, parameters: parametersOf(lines, type) }))
    .filter(({ parameters }) => family !== "h264" || /packetization-mode=1/.test(parameters));
  // Of several forms of H.264, the one that we make; a decoder of more takes it too.
  const chosen =
    candidates.find(({ parameters }) => /profile-level-id=42e0/i.test(parameters)) ?? candidates[0];
  if (!chosen) return undefined;
  const rtx = lines
    .map((line) => /^a=fmtp:(\d+) apt=(\d+)/.exec(line))
    .find((match) => match?.[2] === chosen.type)?.[1];
  return {
    payloadType: Number(chosen.type),
    rtxPayloadType: rtx === undefined ? undefined : Number(rtx),
    parameters: chosen.parameters,
  };
}

function parametersOf(lines: readonly string[], type: string): string {
  const start = `a=fmtp:${type} `;
  return lines.find((line) => line.startsWith(start))?.slice(start.length) ?? "";
}

function findExtensions(lines: readonly string[]): OfferedMedia["extensions"] {
  const found: Partial<Record<keyof typeof EXTENSION_URI, number>> = {};
  for (const line of lines) {
    const [, id, uri] = /^a=extmap:(\d+)(?:\/\w+)? (\S+)/.exec(line) ?? [];
    for (const name of Object.keys(EXTENSION_URI) as (keyof typeof EXTENSION_URI)[]) {
      // Identifiers above 14 need the long form, which is not written here.
      if (EXTENSION_URI[name] === uri && Number(id) <= 14) found[name] = Number(id);
    }
  }
  return found;
}
