import { MillraceError } from "@millrace/core";
import { checkName } from "./name-length.ts";

/** One resource type of a block: its columns are elements times metrics. */
export interface MapResource {
  readonly resourceId: number;
  readonly elements: readonly string[];
  readonly metricIds: readonly number[];
}

/** The times of a block. */
export interface BlockTimes {
  /** Unix seconds. */
  readonly startSeconds: number;
  /** Unix seconds, exclusive. */
  readonly endSeconds: number;
  /** Seconds between two rows. */
  readonly intervalSeconds: number;
}

/** The text at the head of a block, read. */
export interface BlockMap extends BlockTimes {
  /** Resources in the order of their columns. */
  readonly resources: readonly MapResource[];
}

/** The text at the head of a block, as far as it must be read to know whether its map is a known one. */
export interface MapText {
  readonly times: BlockTimes;
  /** Equal for equal maps. */
  readonly mapBytes: Uint8Array;
  /** Reads the map itself, which takes far longer. */
  readonly resources: () => readonly MapResource[];
}

const MAP_KEY = Buffer.from('"Map":');
/** A small text can name elements times metrics; the largest arrays have some 100,000 columns. */
export const MOST_COLUMNS = 500_000;
/** Read as JSON, a text can take twenty times its size; that of 100,000 elements has some 6 MB. */
const MOST_TEXT_BYTES = 16 * 1024 * 1024;

/**
 * Reads the times of a block and finds its map.
 *
 * Usually the map comes last in its text, so that everything behind `"Map":` can be compared as bytes
 * with maps already read, and only the few scalars before it are parsed.
 *
 * @throws MillraceError CORRUPT_INPUT when the text is no map
 * @throws MillraceError LIMIT_EXCEEDED when it is longer than that of any array
 */
export function readMap(text: Uint8Array): MapText {
  if (text.length > MOST_TEXT_BYTES) {
    throw new MillraceError(
      "LIMIT_EXCEEDED",
      `The map of a block has ${text.length} bytes, more than the limit of ${MOST_TEXT_BYTES}.`,
    );
  }
  const buffer = Buffer.from(text.buffer, text.byteOffset, text.length);
  const whole = () => parseBlockMap(buffer.toString("utf8"));
  const mapAt = buffer.indexOf(MAP_KEY);
  const head = buffer.toString("latin1", 0, Math.max(0, mapAt)).replace(/,\s*$/, "}");
  try {
    const times = blockTimes(JSON.parse(head) as Record<string, unknown>);
    return { times, mapBytes: text.subarray(mapAt), resources: () => whole().resources };
  } catch {
    // Another order of keys, or blanks: read all of it, and compare what matters as text.
    const { resources, ...times } = whole();
    return { times, mapBytes: Buffer.from(JSON.stringify(resources)), resources: () => resources };
  }
}

/**
 * Reads the map text of a block.
 *
 * `JSON.parse` sorts integer-like keys, and the order of the resources is the order of the columns, so
 * such keys get a prefix before parsing. In valid JSON `"123":` can only be a key: inside a string the
 * quotes would be escaped, and a string that is a value is never followed by a colon.
 *
 * @throws MillraceError CORRUPT_INPUT when the text is no map
 * @throws MillraceError LIMIT_EXCEEDED when it names more columns than any array has
 */
export function parseBlockMap(text: string): BlockMap {
  let keys = 0;
  const marked = text.replace(/"(\d+)"(\s*:)/g, (_, digits: string, colon: string) => {
    keys += 1;
    return `"#${digits}"${colon}`;
  });
  let root: unknown;
  try {
    root = JSON.parse(marked);
  } catch (cause) {
    throw new MillraceError("CORRUPT_INPUT", "The map of a block is no JSON.", { cause });
  }
  if (!isObject(root) || !isObject(root["Map"])) {
    throw new MillraceError("CORRUPT_INPUT", 'The map of a block has no object "Map".');
  }
  const map = root["Map"];
  const resources = Object.entries(map).map(([key, value]) => mapResource(key, value));
  if (resources.length !== keys) {
    throw new MillraceError("CORRUPT_INPUT", "The map of a block lists a resource twice.");
  }
  const wide = columnCount(resources);
  if (wide > MOST_COLUMNS) {
    throw new MillraceError(
      "LIMIT_EXCEEDED",
      `The map of a block names ${wide} columns, more than the limit of ${MOST_COLUMNS}.`,
    );
  }
  return { ...blockTimes(root), resources };
}

/**
 * The times in a map, or in its part before `"Map"`.
 *
 * @throws MillraceError CORRUPT_INPUT when one is missing or no whole number
 */
function blockTimes(root: Readonly<Record<string, unknown>>): BlockTimes {
  return {
    startSeconds: wholeNumber(root, "StartTime"),
    endSeconds: wholeNumber(root, "EndTime"),
    intervalSeconds: wholeNumber(root, "Archive"),
  };
}

/** Columns of a row under this map. */
export function columnCount(resources: readonly MapResource[]): number {
  return resources.reduce((sum, r) => sum + r.elements.length * r.metricIds.length, 0);
}

function mapResource(key: string, value: unknown): MapResource {
  const resourceId = key.startsWith("#") ? Number(key.slice(1)) : Number.NaN;
  if (!Number.isSafeInteger(resourceId) || !isObject(value)) {
    throw new MillraceError("CORRUPT_INPUT", `The map of a block names a resource "${key}".`);
  }
  const ids = value["IDs"];
  const elements = value["Names"];
  const metricIds = value["DataTypes"];
  if (!isTextList(ids) || !isTextList(elements) || !isIdList(metricIds)) {
    throw new MillraceError(
      "CORRUPT_INPUT",
      `Resource ${resourceId} in the map of a block lacks its lists IDs, Names and DataTypes.`,
    );
  }
  if (ids.length !== elements.length) {
    throw new MillraceError(
      "CORRUPT_INPUT",
      `Resource ${resourceId} has ${ids.length} ids for ${elements.length} names, so its columns are not known.`,
    );
  }
  for (const element of elements) checkName("An element", element);
  return { resourceId, elements, metricIds };
}

/** Both forms occur: `"Archive":60` and `"Archive":"60"`. */
function wholeNumber(root: Readonly<Record<string, unknown>>, key: string): number {
  const value = root[key];
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && Number.isSafeInteger(number)) return number;
  throw new MillraceError("CORRUPT_INPUT", `The map of a block has no whole number "${key}".`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** Whole numbers only: `18.19` would be two ids whose comma was damaged, and shift every column. */
function isIdList(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item));
}
