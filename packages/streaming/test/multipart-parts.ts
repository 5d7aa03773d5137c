/** A part of a multipart body. */
export interface MultipartPart {
  /** In lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** Takes a multipart body in pieces of any length, and gives the parts that are whole. */
export interface MultipartReader {
  push(piece: Uint8Array): readonly MultipartPart[];
  /** Whether the last boundary came. */
  readonly isEnded: boolean;
}

/** Finds parts by the boundary alone, as browsers do, so that a length which is wrong is not hidden. */
export function multipartReader(boundary: string): MultipartReader {
  const mark = Buffer.from(`--${boundary}`);
  let rest = Buffer.alloc(0);
  let isStarted = false;
  let isEnded = false;
  return {
    push(piece) {
      rest = Buffer.concat([rest, piece]);
      const parts: MultipartPart[] = [];
      for (;;) {
        const from = isStarted ? 0 : rest.indexOf(mark);
        // Two bytes behind the boundary say whether it is the last one.
        const next = rest.indexOf(mark, isStarted ? 1 : from);
        if (from < 0 || next < 0 || rest.length < next + mark.length + 2) return parts;
        if (isStarted) parts.push(partOf(rest.subarray(mark.length + 2, next - 2)));
        isStarted = true;
        isEnded = rest.subarray(next + mark.length, next + mark.length + 2).toString() === "--";
        rest = rest.subarray(next);
        if (isEnded) return parts;
      }
    },
    get isEnded() {
      return isEnded;
    },
  };
}

function partOf(bytes: Buffer): MultipartPart {
  const split = bytes.indexOf("\r\n\r\n");
  const lines = bytes.subarray(0, split).toString("latin1").split("\r\n");
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { headers: new Map(headers), body: bytes.subarray(split + 4) };
}
