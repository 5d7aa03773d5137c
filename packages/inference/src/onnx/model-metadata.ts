import { open } from "node:fs/promises";

/** Reads bytes of a model; fewer at its end. */
type ReadAt = (position: number, length: number) => Promise<Uint8Array>;

/** `metadata_props` of onnx.proto, and the fields of its entries. */
const METADATA_FIELD = 14;
const KEY_FIELD = 1;
const VALUE_FIELD = 2;
/** More than this is no description any more. */
const LARGEST_ENTRY = 1024 * 1024;
const MOST_ENTRIES = 1_000;
/** Tag and length, two varints. */
const HEADER = 20;

/**
 * What an ONNX file says of itself, read without the runtime, which does not tell it. The graph with its
 * weights is stepped over. Where the file is no ONNX, there is nothing; judging it is the runtime's business.
 */
export async function modelMetadata(
  model: string | Uint8Array,
): Promise<Readonly<Record<string, string>>> {
  if (typeof model !== "string") {
    return await readMetadata(async (at, length) => model.subarray(at, at + length));
  }
  const file = await open(model);
  try {
    return await readMetadata(async (position, length) => {
      const bytes = new Uint8Array(length);
      const { bytesRead } = await file.read(bytes, 0, length, position);
      return bytes.subarray(0, bytesRead);
    });
  } finally {
    await file.close();
  }
}

async function readMetadata(readAt: ReadAt): Promise<Readonly<Record<string, string>>> {
  const entries: [string, string][] = [];
  for (let position = 0; entries.length < MOST_ENTRIES; ) {
    const field = fieldAt(await readAt(position, HEADER));
    if (field === undefined) break;
    const begin = position + field.headerSize;
    position = begin + field.size;
    if (field.number !== METADATA_FIELD || field.size > LARGEST_ENTRY) continue;
    const entry = entryOf(await readAt(begin, field.size));
    if (entry !== undefined) entries.push(entry);
  }
  return Object.fromEntries(entries);
}

function entryOf(bytes: Uint8Array): [string, string] | undefined {
  const texts = new Map<number, string>();
  for (let at = 0; at < bytes.length; ) {
    const field = fieldAt(bytes.subarray(at));
    if (field === undefined) return undefined;
    const begin = at + field.headerSize;
    at = begin + field.size;
    if (field.wire === 2)
      texts.set(field.number, new TextDecoder().decode(bytes.subarray(begin, at)));
  }
  const key = texts.get(KEY_FIELD);
  return key === undefined ? undefined : [key, texts.get(VALUE_FIELD) ?? ""];
}

interface Field {
  readonly number: number;
  readonly wire: number;
  /** Bytes of tag and length. */
  readonly headerSize: number;
  /** Bytes behind them. */
  readonly size: number;
}

/** The field that begins with these bytes; undefined when there is none, or none that could be stepped over. */
function fieldAt(bytes: Uint8Array): Field | undefined {
  const tag = varintAt(bytes, 0);
  if (tag === undefined || tag.value === 0) return undefined;
  const number = Math.floor(tag.value / 8);
  const wire = tag.value % 8;
  if (wire === 1) return { number, wire, headerSize: tag.end, size: 8 };
  if (wire === 5) return { number, wire, headerSize: tag.end, size: 4 };
  const next = varintAt(bytes, tag.end);
  if (next === undefined || (wire !== 0 && wire !== 2)) return undefined;
  return { number, wire, headerSize: next.end, size: wire === 2 ? next.value : 0 };
}

function varintAt(bytes: Uint8Array, at: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return undefined;
    value += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return { value, end: at + i + 1 };
  }
  return undefined;
}
