import { MillraceError } from "@millrace/core";
import type { ByteSource } from "../bytes/byte-source.ts";
import { fourCharacters } from "./mp4/boxes.ts";
import { readMp4 } from "./mp4/read-mp4.ts";
import type { ContainerContents } from "./video-track.ts";

const HEAD = 4096;
const MP4_BOXES = new Set([
  "ftyp",
  "moov",
  "mdat",
  "free",
  "skip",
  "wide",
  "pnot",
  "styp",
  "moof",
  "sidx",
]);

/** What reads a container, and how its beginning looks. */
interface ContainerReader {
  readonly matches: (head: DataView) => boolean;
  readonly read: (source: ByteSource, signal?: AbortSignal) => Promise<ContainerContents>;
}

const READERS: readonly ContainerReader[] = [
  {
    matches: (head) => head.byteLength >= 8 && MP4_BOXES.has(fourCharacters(head, 4)),
    read: readMp4,
  },
];

/**
 * The video tracks of a source, whatever its container: found by its first bytes, not by its name.
 *
 * @throws MillraceError UNSUPPORTED when it is no container that is known, CORRUPT_INPUT when it is damaged beyond
 * use, NOT_FOUND when it holds no video
 */
export async function readContainer(
  source: ByteSource,
  signal?: AbortSignal,
): Promise<ContainerContents> {
  const bytes = await source.read(0, HEAD, signal ? { signal } : {});
  if (bytes.length === 0) {
    throw new MillraceError("CORRUPT_INPUT", `${source.name} is empty.`);
  }
  const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = READERS.find(({ matches }) => matches(head));
  if (reader === undefined) {
    throw new MillraceError(
      "UNSUPPORTED",
      `${source.name} is no video that can be read: it begins like none of MP4, QuickTime, Matroska, WebM, MPEG transport stream, AVI, H.264 and HEVC.`,
    );
  }
  const contents = await reader.read(source, signal);
  if (contents.tracks.length > 0) return contents;
  throw new MillraceError("NOT_FOUND", `${source.name} holds no video track.`);
}
