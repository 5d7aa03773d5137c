import { MillraceError } from "@millrace/core";

/** What a viewer sends of its candidates while it goes on gathering (RFC 8840). */
export interface SdpFragment {
  readonly ufrag: string;
  readonly password: string;
  readonly candidates: readonly { readonly mid: string; readonly candidate: string }[];
  readonly isEnd: boolean;
}

/** More are no viewer's. */
const MOST_CANDIDATES = 64;

/**
 * Reads a body of type `application/trickle-ice-sdpfrag`.
 *
 * @throws MillraceError CORRUPT_INPUT when it has no credentials or too many candidates
 */
export function readSdpFragment(text: string): SdpFragment {
  let ufrag: string | undefined;
  let password: string | undefined;
  let mid = "";
  let isEnd = false;
  const candidates: { mid: string; candidate: string }[] = [];
  for (const line of text.split(/\r\n|\n/)) {
    const [, name, value = ""] = /^a=([a-z-]+)(?::(.*))?$/.exec(line) ?? [];
    if (name === "ice-ufrag") ufrag ??= value;
    else if (name === "ice-pwd") password ??= value;
    else if (name === "mid") mid = value;
    else if (name === "end-of-candidates") isEnd = true;
    else if (name === "candidate") candidates.push({ mid, candidate: `candidate:${value}` });
  }
  if (ufrag === undefined || password === undefined) {
    throw new MillraceError("CORRUPT_INPUT", 'The fragment has no "a=ice-ufrag" and "a=ice-pwd".');
  }
  if (candidates.length > MOST_CANDIDATES) {
    throw new MillraceError(
      "CORRUPT_INPUT",
      `The fragment has ${candidates.length} candidates; ${MOST_CANDIDATES} may be.`,
    );
  }
  return { ufrag, password, candidates, isEnd };
}

/** The credentials and candidates of a description, as a fragment. */
export function fragmentOf(description: string): string {
  const lines = description.split(/\r\n|\n/);
  const wanted = lines.filter((line) => /^a=(ice-ufrag|ice-pwd):/.test(line)).slice(0, 2);
  const media = lines.find((line) => line.startsWith("m="));
  const mid = lines.find((line) => line.startsWith("a=mid:"));
  const candidates = new Set(lines.filter((line) => line.startsWith("a=candidate:")));
  const all = [...wanted, media, mid, ...candidates, "a=end-of-candidates"];
  return `${all.filter((line) => line !== undefined).join("\r\n")}\r\n`;
}

/** A description whose credentials and candidates are those of a fragment. */
export function withFragment(description: string, fragment: SdpFragment): string {
  const lines = description
    .split(/\r\n|\n/)
    .filter((line) => !/^a=(candidate:|end-of-candidates)/.test(line))
    .map((line) => {
      if (line.startsWith("a=ice-ufrag:")) return `a=ice-ufrag:${fragment.ufrag}`;
      if (line.startsWith("a=ice-pwd:")) return `a=ice-pwd:${fragment.password}`;
      return line;
    });
  const own = fragment.candidates.map(({ candidate }) => `a=${candidate}`);
  // All media go over the first section's transport.
  const at = lines.findIndex((line) => line.startsWith("a=mid:"));
  lines.splice(at + 1, 0, ...own);
  return lines.join("\r\n");
}
