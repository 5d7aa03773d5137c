/** A response body: undici's, or any other stream of bytes that can be given up. */
interface BodyStream extends AsyncIterable<Uint8Array> {
  destroy(): unknown;
}

/** How much of a body is read, and for how long. */
export interface BodyLimits {
  readonly bytes: number;
  readonly withinMs: number;
}

/** The text of a body, or of its beginning where a limit cut it off. */
export interface BodyText {
  readonly text: string;
  readonly cut: "bytes" | "time" | undefined;
}

/** Reads a body as text up to the limits; whatever is beyond them is given up with the connection. */
export async function readBody(body: BodyStream, limits: BodyLimits): Promise<BodyText> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  let cut: BodyText["cut"];
  const timer = setTimeout(() => {
    cut = "time";
    body.destroy();
  }, limits.withinMs);
  try {
    for await (const part of body) {
      const room = limits.bytes - bytes;
      parts.push(part.subarray(0, room));
      bytes += part.length;
      if (part.length <= room) continue;
      cut = "bytes";
      break;
    }
  } catch (error) {
    // A stream that was given up ends with an error of its own.
    if (cut === undefined) throw error;
  } finally {
    clearTimeout(timer);
  }
  return { text: Buffer.concat(parts).toString("utf8"), cut };
}
