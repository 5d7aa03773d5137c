import { MillraceError } from "@millrace/core/web";
import type { ByteSource } from "../bytes/byte-source.ts";
import { readAnnexB } from "./annexb/read-annexb.ts";
import { readAvi } from "./avi/read-avi.ts";
import { readMatroska } from "./matroska/read-matroska.ts";
import { fourCharacters } from "./mp4/boxes.ts";
import { readMp4 } from "./mp4/read-mp4.ts";
import { readMpegTs, transportShape } from "./mpegts/read-mpegts.ts";
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

const EBML = 0x1a45dfa3;

const READERS: readonly ContainerReader[] = [
  { matches: (head) => head.byteLength >= 4 && head.getUint32(0) === EBML, read: readMatroska },
  { matches: isAvi, read: readAvi },
  { matches: (head) => transportShape(head) !== undefined, read: readMpegTs },
  { matches: isH264, read: readAnnexB },
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

function isAvi(head: DataView): boolean {
  return (
    head.byteLength >= 12 &&
    fourCharacters(head, 0) === "RIFF" &&
    fourCharacters(head, 8) === "AVI "
  );
}

/** A start code and a unit that a stream may begin with: delimiter, parameter set, SEI or slice, not forbidden. */
function isH264(head: DataView): boolean {
  if (head.byteLength < 8) return false;
  const start = head.getUint32(0) === 1 ? 4 : head.getUint32(0) >>> 8 === 1 ? 3 : 0;
  const header = start === 0 ? 0x80 : head.getUint8(start);
  return (header & 0x80) === 0 && [1, 5, 6, 7, 8, 9].includes(header & 0x1f);
}
