import { MillraceError } from "../errors.ts";
import type { GetOptions, ObjectQuery } from "./object-store.ts";

const MOST_KEY_BYTES = 1_024;
const MOST_PAGE = 1_000;

/** @throws MillraceError INVALID_OPTION when it is no key */
export function checkKey(key: string): string {
  const bytes = Buffer.byteLength(key);
  if (bytes >= 1 && bytes <= MOST_KEY_BYTES && key.isWellFormed()) return key;
  throw new MillraceError(
    "INVALID_OPTION",
    `${JSON.stringify(key.slice(0, 80))} is no key: it must be 1 to ${MOST_KEY_BYTES} bytes of UTF-8.`,
  );
}

/** {@link ObjectQuery} with its defaults. */
export function objectQuery({ prefix = "", after = "", limit = MOST_PAGE }: ObjectQuery): {
  readonly prefix: string;
  readonly after: string;
  readonly limit: number;
} {
  whole("limit", limit, 1, MOST_PAGE);
  return { prefix, after, limit };
}

/** The range of {@link GetOptions}; its end is behind its last byte. */
export function byteRange({ offset = 0, length = Number.MAX_SAFE_INTEGER }: GetOptions): {
  readonly from: number;
  readonly to: number;
} {
  whole("offset", offset, 0, Number.MAX_SAFE_INTEGER);
  whole("length", length, 0, Number.MAX_SAFE_INTEGER);
  return { from: offset, to: Math.min(offset + length, Number.MAX_SAFE_INTEGER) };
}

/** Compares keys by their bytes in UTF-8, which is not how JavaScript compares them. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** The error of an object that is not there. */
export function noSuchObject(what: string, cause?: unknown): MillraceError {
  return new MillraceError("NOT_FOUND", `${what}: there is no such object.`, { cause });
}

/** The error of an object that is another one by now. */
export function replacedObject(what: string, cause?: unknown): MillraceError {
  return new MillraceError(
    "CORRUPT_INPUT",
    `${what} was replaced while it was read; read it again from the start.`,
    { cause },
  );
}

/** The error of a body that has another length than was said. */
export function wrongSize(what: string, said: number, was: number): MillraceError {
  return new MillraceError(
    "CORRUPT_INPUT",
    `${what} should have ${said} bytes and ${was < said ? `ended after ${was}` : "has more"}; nothing was kept.`,
  );
}

function whole(name: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new MillraceError(
    "INVALID_OPTION",
    `Object store: ${name} is ${value}, not a whole number from ${least} on${most === Number.MAX_SAFE_INTEGER ? "" : ` to ${most}`}.`,
  );
}

/** The error of a call to a store that was closed. */
export function storeClosed(name: string): MillraceError {
  return new MillraceError("CLOSED", `The object store ${name} is closed; make another one.`);
}
