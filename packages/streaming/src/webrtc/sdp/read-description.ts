import { MillraceError } from "@millrace/core";
import type { EncodedVideoFamily } from "@millrace/media";

/** What we look for in a description of a session. */
export interface DescriptionFacts {
  /** Codecs of video that may be sent to us or that we may send, without those whose form we do not speak. */
  readonly families: readonly EncodedVideoFamily[];
  readonly hasVideo: boolean;
  readonly hasAudio: boolean;
  readonly hasChannels: boolean;
}

/**
 * Looks through an offer or an answer before a library is bothered with it.
 *
 * @throws MillraceError CORRUPT_INPUT when it is none that a connection could come of
 */
export function readDescription(sdp: string): DescriptionFacts {
  const lines = sdp.split(/\r\n|\n/);
  if (lines[0] !== "v=0") throw corrupt('it does not begin with "v=0"');
  const sections = lines.reduce<string[][]>(
    (all, line) => {
      if (line.startsWith("m=")) all.push([]);
      all.at(-1)?.push(line);
      return all;
    },
    [[]],
  );
  const [session = [], ...media] = sections;
  if (media.length === 0) throw corrupt("it has no media");
  for (const name of ["ice-ufrag", "ice-pwd", "fingerprint"]) {
    const says = (section: readonly string[]): boolean =>
      section.some((line) => line.startsWith(`a=${name}:`));
    if (!says(session) && !media.some(says)) throw corrupt(`it has no "a=${name}"`);
  }
  const kinds = media.map(([first = ""]) => first.slice(2).split(" ")[0]);
  const video = media.filter((_, at) => kinds[at] === "video");
  return {
    families: (["h264", "vp8"] as const).filter((family) =>
      video.some((section) => offers(section, family)),
    ),
    hasVideo: video.length > 0,
    hasAudio: kinds.includes("audio"),
    hasChannels: kinds.includes("application"),
  };
}

function offers(section: readonly string[], family: EncodedVideoFamily): boolean {
  return section.some((line) => {
    const match = /^a=rtpmap:(\d+) ([^/]+)\//.exec(line);
    if (match?.[2]?.toLowerCase() !== family) return false;
    if (family === "vp8") return true;
    const parameters = section.find((other) => other.startsWith(`a=fmtp:${match[1]} `)) ?? "";
    // Without it a unit may not be cut in pieces. Baseline is 42, and every decoder of more takes it.
    return /packetization-mode=1/.test(parameters);
  });
}

function corrupt(what: string): MillraceError {
  return new MillraceError("CORRUPT_INPUT", `This is no session description to answer: ${what}.`);
}
