import { MillraceError } from "@millrace/core/web";

/** A part of a `multipart/x-mixed-replace`. */
export interface StreamPart {
  /** By names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Cuts a stream of bytes into parts, wherever the bytes are cut. */
export interface PartSplitter {
  /**
   * Takes the next bytes.
   *
   * @returns the parts that are whole now
   * @throws MillraceError LIMIT_EXCEEDED when a part is larger than may be, CORRUPT_INPUT when headers have no end
   */
  push(bytes: Uint8Array): readonly StreamPart[];
  /** Whether the last boundary was read: the stream ended in order. */
  readonly isOver: boolean;
}

const MOST_HEADER_BYTES = 8_192;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const BLANK_LINE = encoder.encode("\r\n\r\n");

/**
 * Makes a splitter. A part with a length ends there, one without at the next boundary.
 *
 * @param boundary - as it stands in the content type
 * @param maxPartBytes - what one part may have
 */
export function createPartSplitter(
  boundary: string,
  maxPartBytes: number = 16 * 2 ** 20,
): PartSplitter {
  const first = encoder.encode(`--${boundary}`);
  const behind = encoder.encode(`\r\n--${boundary}`);
  let buffer = new Uint8Array(64 * 1_024);
  let start = 0;
  let end = 0;
  /** Up to here there is no boundary, so that no byte is looked at twice. */
  let searched = 0;
  let step: "boundary" | "tail" | "headers" | "body" = "boundary";
  let headers: Readonly<Record<string, string>> = {};
  let isOver = false;

  const append = (bytes: Uint8Array): void => {
    if (end + bytes.length > buffer.length) {
      const held = buffer.subarray(start, end);
      const room = held.length + bytes.length;
      const target = room > buffer.length / 2 ? new Uint8Array(room * 2) : buffer;
      target.set(held);
      buffer = target;
      searched = Math.max(0, searched - start);
      end -= start;
      start = 0;
    }
    buffer.set(bytes, end);
    end += bytes.length;
  };
  const find = (wanted: Uint8Array): number => {
    const at = indexOf(buffer, wanted, Math.max(start, searched), end);
    searched = at >= 0 ? at : Math.max(start, end - wanted.length + 1);
    return at;
  };
  const advance = (to: number): void => {
    start = to;
    searched = to;
  };
  const tooLong = (what: string): MillraceError =>
    new MillraceError(
      what === "headers" ? "CORRUPT_INPUT" : "LIMIT_EXCEEDED",
      `A part of the stream has ${what} that are too long; this may be no stream of pictures.`,
    );
  /** Gives a part when one is whole, `"more"` when a step was made, undefined when bytes are missing. */
  const proceed = (): StreamPart | "more" | undefined => {
    if (step === "boundary") {
      const at = find(first);
      if (at < 0) {
        // What stands before the first boundary means nothing.
        start = Math.max(start, end - first.length + 1);
        return undefined;
      }
      advance(at + first.length);
      step = "tail";
      return "more";
    }
    if (step === "tail") {
      if (end - start < 2) return undefined;
      if (buffer[start] === 0x2d && buffer[start + 1] === 0x2d) {
        isOver = true;
        return undefined;
      }
      step = "headers";
      return "more";
    }
    if (step === "headers") {
      const at = find(BLANK_LINE);
      if ((at < 0 ? end : at) - start > MOST_HEADER_BYTES) throw tooLong("headers");
      if (at < 0) return undefined;
      headers = readHeaders(decoder.decode(buffer.subarray(start, at)));
      advance(at + BLANK_LINE.length);
      step = "body";
      return "more";
    }
    const length = headers["content-length"];
    const isCounted = length !== undefined && /^\d{1,9}$/.test(length);
    if (isCounted && Number(length) > maxPartBytes) throw tooLong("bytes");
    const at = isCounted
      ? end - start >= Number(length)
        ? start + Number(length)
        : -1
      : find(behind);
    if ((at < 0 ? end : at) - start > maxPartBytes + behind.length) throw tooLong("bytes");
    if (at < 0) return undefined;
    const part = { headers, body: buffer.slice(start, at) };
    advance(isCounted ? at : at + behind.length);
    step = isCounted ? "boundary" : "tail";
    return part;
  };
  return {
    get isOver() {
      return isOver;
    },
    push(bytes) {
      if (isOver) return [];
      append(bytes);
      const parts: StreamPart[] = [];
      for (let made = proceed(); made !== undefined; made = proceed()) {
        if (made !== "more") parts.push(made);
      }
      return parts;
    },
  };
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number, end: number): number {
  const [first = 0] = wanted;
  const last = end - wanted.length;
  for (
    let at = bytes.indexOf(first, from);
    at >= 0 && at <= last;
    at = bytes.indexOf(first, at + 1)
  ) {
    let matched = 1;
    while (matched < wanted.length && bytes[at + matched] === wanted[matched]) matched++;
    if (matched === wanted.length) return at;
  }
  return -1;
}

function readHeaders(text: string): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0)
      headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return headers;
}
